"""Splits: which samples train, validate and test. A part is a run of samples inside one segment of one split."""

from __future__ import annotations

import numpy as np

from raylab.config import BlockedSplits, ChronologicalSplits, GivenSplits, SplitsConfig, TrialSplits
from raylab.data.session import Session
from raylab.errors import DataError

SPLITS = ("train", "valid", "test")
CODE = {name: code for code, name in enumerate(SPLITS)}


def make_parts(session: Session, config: SplitsConfig, *, source: str) -> np.ndarray:
    """(P, 3) int64 rows [start, stop, split code], sorted and disjoint, each inside one segment.

    Raises:
        DataError: a split the config asks for got no sample.
    """
    segments = np.asarray(session.segments, np.int64)
    if isinstance(config, GivenSplits):
        parts = _given(session, segments, source)
        wanted = {name for name in SPLITS if name in (session.given or {})}
    else:
        gap = round(config.gap_s * session.rate_hz)
        parts = _divide(segments, config, gap)
        wanted = {name for name, fraction in zip(SPLITS, config.fractions) if fraction > 0}
    parts = parts[np.argsort(parts[:, 0], kind="stable")]
    lacking = [name for name in SPLITS if name in wanted and not (parts[:, 2] == CODE[name]).any()]
    if lacking or not len(parts):
        raise DataError(
            f"{source}: session '{session.id}' is too short for its splits: no samples for {' and '.join(lacking)}",
            "Change `splits` (fractions, gap_s, blocks) in the recipe or with --set splits.kind=...",
        )
    return parts


def _divide(segments: np.ndarray, config: ChronologicalSplits | BlockedSplits | TrialSplits, gap: int) -> np.ndarray:
    if isinstance(config, ChronologicalSplits):
        return _chronological(segments, config, gap)
    return _blocked(segments, config, gap) if isinstance(config, BlockedSplits) else _trials(segments, config, gap)


def intersect(ranges: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(K, 2) non-empty intersections of two sets of [start, stop) ranges."""
    pairs = [(max(a, c), min(b, d)) for a, b in ranges for c, d in others]
    return np.array([pair for pair in pairs if pair[0] < pair[1]], np.int64).reshape(-1, 2)


def counts(parts: np.ndarray) -> dict[str, int]:
    """Samples in each split."""
    lengths = parts[:, 1] - parts[:, 0]
    return {name: int(lengths[parts[:, 2] == code].sum()) for name, code in CODE.items()}


def _label(ranges: np.ndarray, code: int) -> np.ndarray:
    return np.concatenate([ranges, np.full((len(ranges), 1), code)], axis=1).astype(np.int64)


def _given(session: Session, segments: np.ndarray, source: str) -> np.ndarray:
    if not session.given:
        raise DataError(
            f"{source}: splits.kind is 'given', but session '{session.id}' states none",
            "Use --set splits.kind=chronological (or blocked, trials).",
        )
    parts = np.concatenate([_label(intersect(segments, r), CODE[name]) for name, r in session.given.items()])
    ordered = parts[np.argsort(parts[:, 0], kind="stable")]
    if (ordered[1:, 0] < ordered[:-1, 1]).any():
        raise DataError(f"{source}: the splits that session '{session.id}' states overlap")
    return ordered


def _borders(total: int, fractions: tuple[float, ...]) -> np.ndarray:
    return np.concatenate([[0], np.floor(np.cumsum(fractions) * total + 1e-9)]).astype(np.int64)


def _chronological(segments: np.ndarray, config: ChronologicalSplits, gap: int) -> np.ndarray:
    """The first fraction of the recorded samples trains, the next validates, the last tests."""
    lengths = segments[:, 1] - segments[:, 0]
    offsets = np.concatenate([[0], np.cumsum(lengths)])  # recorded samples before each segment
    borders = _borders(int(offsets[-1]), config.fractions)
    found = []
    for code in range(3):
        low, high = borders[code] + (gap if code > 0 else 0), borders[code + 1] - (gap if code < 2 else 0)
        for (start, _), before, length in zip(segments, offsets, lengths):
            a, b = max(low - before, 0), min(high - before, length)
            if a < b:
                found.append((start + a, start + b, code))
    return np.array(found, np.int64).reshape(-1, 3)


def _deal(count: int, fractions: tuple[float, ...], seed: int) -> np.ndarray:
    """(count,) split codes, dealt at random in the wanted proportions."""
    order = np.random.default_rng(seed).permutation(count)
    codes = np.empty(count, np.int64)
    codes[order] = np.searchsorted(np.cumsum(fractions)[:2] * count - 1e-9, np.arange(count), side="right")
    return codes


def _blocked(segments: np.ndarray, config: BlockedSplits, gap: int) -> np.ndarray:
    if config.blocks > segments[-1, 1] - segments[0, 0]:
        return np.zeros((0, 3), np.int64)
    edges = np.linspace(segments[0, 0], segments[-1, 1], config.blocks + 1).astype(np.int64)
    codes = _deal(config.blocks, config.fractions, config.seed)
    blocks = [
        _label(intersect(segments, np.array([[a + gap, b - gap]])), c) for a, b, c in zip(edges, edges[1:], codes)
    ]
    return np.concatenate(blocks)


def _trials(segments: np.ndarray, config: TrialSplits, gap: int) -> np.ndarray:
    codes = _deal(len(segments), config.fractions, config.seed)
    parts = np.stack([segments[:, 0] + gap, segments[:, 1] - gap, codes], axis=1)
    return parts[parts[:, 0] < parts[:, 1]]
