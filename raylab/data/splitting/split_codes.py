"""The split code of every sample, by kind of split; -1 for a sample in no split. Nothing is dropped
here yet.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from raylab.config.explain import did_you_mean
from raylab.config.splits import (
    BlockedSplits,
    ChronologicalSplits,
    GivenSplits,
    GroupSplits,
    TrialSplits,
)
from raylab.data.session import Label, Session
from raylab.data.splitting.dealing import CODE, deal, fold_codes
from raylab.data.splitting.spans import Spans
from raylab.errors import DataError

NONE = -1
CutSplits = (
    GivenSplits | ChronologicalSplits | BlockedSplits | TrialSplits | GroupSplits
)  # those that cut sessions


def code_samples(
    session: Session, config: CutSplits, *, segment: np.ndarray, spans: Spans, source: str
) -> np.ndarray:
    """(T,) split codes; `segment` (T,) is the segment of each sample, -1 outside.

    Raises:
        DataError: too few blocks, trials or groups; no such group or label; stated splits that
            overlap.
    """
    named = f"{source}: session '{session.id}'"
    if isinstance(config, GivenSplits):
        return _given(session, segment, named)
    if isinstance(config, TrialSplits):
        return _dealt(session, config, _trials(session, segment), spans, named)
    if isinstance(config, GroupSplits):
        groups = _groups(session, config.by, named)
        return _dealt(session, config, np.where(segment >= 0, groups, NONE), spans, named)
    codes = np.full(len(segment), NONE, np.int64)
    recorded = segment >= 0
    samples = int(recorded.sum())
    if isinstance(config, ChronologicalSplits):
        codes[recorded] = _chronological(samples, config)
    else:
        codes[recorded] = _blocked(samples, config, named)
    return codes


def mask_of(ranges: np.ndarray, samples: int) -> np.ndarray:
    """(samples,) bool: which lie in one of the [start, stop) `ranges`, in any order."""
    clipped = np.clip(ranges, 0, samples)
    clipped = clipped[clipped[:, 0] < clipped[:, 1]]
    steps = np.bincount(clipped[:, 0], minlength=samples + 1) - np.bincount(
        clipped[:, 1], minlength=samples + 1
    )
    return np.asarray(np.cumsum(steps[:-1]) > 0)


def _given(session: Session, segment: np.ndarray, named: str) -> np.ndarray:
    if not session.given:
        raise DataError(
            f"{named} states no splits, and splits.kind is 'given'",
            "Use --set splits.kind=chronological (or blocked, trials, groups, sessions, animals).",
        )
    codes = np.full(len(segment), NONE, np.int64)
    for name, ranges in session.given.items():
        stated = mask_of(np.asarray(ranges), len(segment)) & (segment >= 0)
        if (codes[stated] != NONE).any():
            raise DataError(
                f"{named} states splits that overlap",
                "Correct them, or use --set splits.kind=chronological.",
            )
        codes[stated] = CODE[name]
    return codes


def _chronological(samples: int, config: ChronologicalSplits) -> np.ndarray:
    """(samples,) codes: recorded samples in order, in three stretches by their fractions or `folds`
    equal ones.
    """
    if config.fractions is not None:
        borders = np.floor(np.cumsum(config.fractions)[:2] * samples + 1e-9)
        return np.searchsorted(borders, np.arange(samples), side="right")
    assert isinstance(config.folds, int)
    return fold_codes(np.arange(samples) * config.folds // samples, config.folds, config)


def _blocked(samples: int, config: BlockedSplits, named: str) -> np.ndarray:
    if config.blocks > samples:
        raise DataError(
            f"{named} is too short for {config.blocks} blocks: {samples} samples",
            "Set fewer `blocks`.",
        )
    codes = deal(config.blocks, config, seed=config.seed, what=f"{named} has {{count}} blocks")
    return codes[np.arange(samples) * config.blocks // samples]


def _dealt(
    session: Session,
    config: TrialSplits | GroupSplits,
    groups: np.ndarray,
    spans: Spans,
    named: str,
) -> np.ndarray:
    """Codes of `groups` (T,) dealt whole; those that overlap in time are dealt as one."""
    noun = "trials" if isinstance(config, TrialSplits) else f"groups of '{config.by}'"
    joined = spans.join(groups)
    before, after = len(np.unique(groups[groups >= 0])), int(joined.max(initial=-1)) + 1
    note = f" ({before} before those that overlap in time were joined)" if before > after else ""
    strata = (
        _strata(_discrete(session, config.stratify, named), joined, after)
        if config.stratify
        else None
    )
    codes = deal(
        after, config, seed=config.seed, what=f"{named} has {{count}} {noun}{note}", strata=strata
    )
    return np.where(joined >= 0, codes[joined], NONE)


def _trials(session: Session, segment: np.ndarray) -> np.ndarray:
    """(T,) the trial of each sample, -1 in none: its group `trial` where a segment holds several
    trials, else its segment.
    """
    trial = session.groups.get("trial")
    if trial is None:
        return segment
    inside = (segment >= 0) & (trial >= 0)
    pairs = np.unique(np.stack([segment[inside], trial[inside]], axis=1), axis=0)
    is_segment = len(np.unique(pairs[:, 0])) == len(pairs)
    return segment if is_segment else np.where(inside, trial, NONE)


def _groups(session: Session, by: str, named: str) -> np.ndarray:
    if by in session.groups:
        return np.asarray(session.groups[by], np.int64)
    return _discrete(session, by, named, groups=session.groups).values


def _discrete(session: Session, name: str, named: str, *, groups: Iterable[str] = ()) -> Label:
    labels = {key: label for key, label in session.labels.items() if label.kind == "discrete"}
    if name not in labels:
        known = [*groups, *labels]
        remedy = did_you_mean(name, known) if known else "It has none: use another splits.kind."
        raise DataError(
            f"{named} has no {'group or ' if groups else ''}discrete label '{name}'", remedy
        )
    return labels[name]


def _strata(label: Label, groups: np.ndarray, count: int) -> np.ndarray:
    """(count,) the most frequent class of each group, -1 where it has none."""
    rows = np.flatnonzero((groups >= 0) & label.labelled)
    classes = len(label.classes)
    pairs, sizes = np.unique(groups[rows] * classes + label.values[rows], return_counts=True)
    order = np.argsort(sizes, kind="stable")  # the most frequent class of a group is written last
    strata = np.full(count, -1, np.int64)
    strata[pairs[order] // max(classes, 1)] = pairs[order] % max(classes, 1)
    return strata
