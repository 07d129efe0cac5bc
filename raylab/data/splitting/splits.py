"""Splits: which samples train, validate and test. A part is a run of samples inside one segment of
one split.

Every sample first gets the code of a split or none. Then samples nearer than `gap_s` to a sample of
another split are dropped, and so are those that share time with one. What is left falls into parts.
See docs/splits.md.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from raylab.config.explain import did_you_mean
from raylab.config.splits import AnimalSplits, GivenSplits, SessionSplits, SplitsConfig
from raylab.data.session import Session
from raylab.data.splitting.dealing import CODE, SPLITS, TEST, TRAIN, VALID, deal
from raylab.data.splitting.spans import Spans
from raylab.data.splitting.split_codes import NONE, CutSplits, code_samples, mask_of
from raylab.errors import DataError


def make_parts(
    session: Session, config: SplitsConfig, *, source: str, whole: int | None = None
) -> np.ndarray:
    """(P, 3) int64 rows [start, stop, split code], sorted and disjoint, each inside one segment.

    Args:
        session: Its activity is not read.
        whole: The split code of the whole session, from `assign_sessions`; for the kinds `sessions`
            and `animals`.

    Raises:
        DataError: a split the config asks for got no sample, or the session lacks what the config
            names.
    """
    segment = _segment_of(session)
    if isinstance(config, SessionSplits | AnimalSplits):
        if whole is None:
            raise DataError(
                f"{source}: splits.kind '{config.kind}' distributes whole sessions, so it "
                "cannot split a single session"
            )
        return _runs(np.where(segment >= 0, whole, NONE), segment)
    spans = Spans.of(np.asarray(session.time), session.rate_hz, segment)
    codes = code_samples(session, config, segment=segment, spans=spans, source=source)
    kept = _apart(codes, segment, spans, 0.0 if isinstance(config, GivenSplits) else config.gap_s)
    _check_none_empty(codes, kept, session, config, source)
    return _runs(kept, segment)


def assign_sessions(
    config: SplitsConfig, sessions: Sequence[tuple[str, str]]
) -> dict[str, int] | None:
    """The split code of each whole session for the kinds `sessions` and `animals`; None for kinds
    that cut sessions.

    Args:
        sessions: (id, animal) of every session of the dataset, in any order.

    Raises:
        DataError: a split gets nothing, a name is not there, or a session's animal is not known.
    """
    if not isinstance(config, SessionSplits | AnimalSplits):
        return None
    dealt = {
        session: animal if config.kind == "animals" else session for session, animal in sessions
    }
    nameless = sorted(session for session, name in dealt.items() if not name)
    if nameless:
        raise DataError(
            f"splits.kind 'animals': the animal is not known of {', '.join(nameless[:5])}"
            + (f" and {len(nameless) - 5} more sessions" if len(nameless) > 5 else ""),
            "State `session.animal` or `session.animal_path` in the recipe, or use --set "
            "splits.kind=sessions.",
        )
    codes = _assign(sorted(set(dealt.values())), config)
    return {session: codes[name] for session, name in dealt.items()}


def counts(parts: np.ndarray) -> dict[str, int]:
    """Samples in each split."""
    lengths = parts[:, 1] - parts[:, 0]
    return {name: int(lengths[parts[:, 2] == code].sum()) for name, code in CODE.items()}


def _assign(names: list[str], config: SessionSplits | AnimalSplits) -> dict[str, int]:
    """The code of each session or animal."""
    if not config.valid and not config.test:
        what = f"splits.kind '{config.kind}': the dataset has {{count}} {config.kind}"
        return dict(zip(names, deal(len(names), config, seed=config.seed, what=what).tolist()))
    for name in (*config.valid, *config.test):
        if name not in names:
            raise DataError(
                f"splits.{'valid' if name in config.valid else 'test'}: no {config.kind[:-1]} is "
                f"called '{name}'",
                did_you_mean(name, names),
            )
    codes = {
        name: VALID if name in config.valid else TEST if name in config.test else TRAIN
        for name in names
    }
    if TRAIN not in codes.values():
        raise DataError(
            f"splits.valid and splits.test name all {config.kind}, none is left to train",
            "Name fewer.",
        )
    return codes


def _segment_of(session: Session) -> np.ndarray:
    """(T,) the segment of each sample, -1 outside."""
    segments = np.asarray(session.segments, np.int64)
    segment = np.full(len(session.time), -1, np.int64)
    segment[mask_of(segments, len(segment))] = np.repeat(
        np.arange(len(segments)), segments[:, 1] - segments[:, 0]
    )
    return segment


def _runs(codes: np.ndarray, segment: np.ndarray) -> np.ndarray:
    """(P, 3) runs of one code inside one segment."""
    edges = np.flatnonzero((np.diff(codes) != 0) | (np.diff(segment) != 0)) + 1
    edges = np.concatenate([[0], edges, [len(codes)]])
    parts = np.stack([edges[:-1], edges[1:], codes[edges[:-1]]], axis=1).astype(np.int64)
    return parts[parts[:, 2] != NONE]


def _apart(codes: np.ndarray, segment: np.ndarray, spans: Spans, gap_s: float) -> np.ndarray:
    """`codes` without the samples nearer than `gap_s` to one of another split, whatever lies
    between the two.
    """
    runs, kept = _runs(codes, segment), codes.copy()
    for code in CODE.values():
        mine = np.flatnonzero(codes == code)
        kept[mine[spans.near(mine, runs[runs[:, 2] != code, :2], gap_s)]] = NONE
    return kept


def _check_none_empty(
    codes: np.ndarray, kept: np.ndarray, session: Session, config: CutSplits, source: str
) -> None:
    if isinstance(config, GivenSplits):
        wanted = [name for name in SPLITS if name in (session.given or {})]
    else:
        wanted = [name for name, share in zip(SPLITS, config.fractions or (1, 1, 1)) if share > 0]
    lacking = [name for name in wanted if not (kept == CODE[name]).any()]
    if not lacking and (kept != NONE).any():
        return
    dropped = int(((codes != NONE) & (kept == NONE)).sum())
    why = (
        f"; {dropped} samples lie within gap_s of another split's, or at the same time"
        if dropped
        else ""
    )
    raise DataError(
        f"{source}: session '{session.id}' is too short for its splits: "
        f"no samples for {' and '.join(lacking) or 'any'}{why}",
        "Change `splits` (fractions, gap_s, blocks) in the recipe or with --set splits.kind=... "
        "Where time starts anew in each trial, give the recipe `time.rate_hz` alone.",
    )


__all__ = ["CODE", "SPLITS", "assign_sessions", "counts", "make_parts"]
