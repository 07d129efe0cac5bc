"""Labels onto the clock of the neural data, and samples into wider bins."""

from __future__ import annotations

import dataclasses

import numpy as np

from raylab.data.session import UNLABELLED, Label, LabelKind, Session
from raylab.errors import DataError

PAUSE = 5  # steps of a label's clock; between stamps further apart, nothing was recorded


def resample(
    values: np.ndarray, stamps: np.ndarray, time: np.ndarray, kind: LabelKind
) -> np.ndarray:
    """`values` (K,) or (K, D) recorded at `stamps` (K,) s, at `time` (T,) s instead.

    Continuous values are interpolated, circular ones along the shorter arc. Samples before, after
    or inside a pause of the stamps (more than 5 of their steps) are NaN. Classes are not numbers:
    `nearest_rows` says which to take.
    """
    order = _in_order(stamps)
    values = np.asarray(values, np.float64)[order].reshape(len(order), -1)
    if len(order) < 2:
        return np.full((len(time), values.shape[1]), np.nan)
    left, weight, inside = _between(stamps[order], time)
    mixed = mix(values[left], values[left + 1], weight[:, None], kind)
    return np.where(inside[:, None], mixed, np.nan)


def nearest_rows(stamps: np.ndarray, time: np.ndarray) -> np.ndarray:
    """(T,) the row of the nearest of `stamps` (K,) s at every `time` (T,) s.

    -1 before, after or inside a pause of the stamps.
    """
    order = _in_order(stamps)
    if len(order) < 2:
        return np.full(len(time), -1)
    left, weight, inside = _between(stamps[order], time)
    return np.where(inside, order[left + (weight >= 0.5)], -1)


def _in_order(stamps: np.ndarray) -> np.ndarray:
    """The rows of the stamps that are numbers, in the order of time."""
    order = np.argsort(stamps, kind="stable")
    return order[np.isfinite(stamps[order])]


def _between(stamps: np.ndarray, time: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(T,) each: the stamp before a time, how far it is to the next one, from 0 to 1, and whether
    the stamps cover it.
    """
    apart = np.diff(np.unique(stamps))  # coarse stamps repeat
    step = float(np.median(apart)) if len(apart) else 0.0
    right = np.clip(np.searchsorted(stamps, time, side="left"), 1, len(stamps) - 1)
    before, after = stamps[right - 1], stamps[right]
    weight = np.clip((time - before) / np.where(after > before, after - before, 1.0), 0.0, 1.0)
    near = np.minimum(np.abs(time - before), np.abs(after - time)) <= step / 2
    between = (time >= stamps[0]) & (time <= stamps[-1]) & (after - before <= PAUSE * step)
    return right - 1, weight, near | between


def mix(left: np.ndarray, right: np.ndarray, weight: np.ndarray, kind: LabelKind) -> np.ndarray:
    """Values between `left` and `right`, at `weight` from 0 (left) to 1 (right)."""
    # A sample exactly on a stamp keeps its value even where its neighbour is NaN.
    step = np.angle(np.exp(1j * (right - left))) if kind == "circular" else right - left
    mixed = np.where(weight == 0, left, np.where(weight == 1, right, left + weight * step))
    return np.asarray(mixed % (2 * np.pi)) if kind == "circular" else mixed


def rebin(session: Session, width: int) -> Session:
    """`session` with `width` samples in one: counts summed, other activity averaged, labels
    averaged.

    Bins start at the start of each segment and never cross its end; samples left over are dropped.
    The angle of a bin is the circular mean, its class the most frequent one; a bin is unlabelled
    where all its samples are. Time is the centre of the bin. A bin belongs to a given split, or to
    a group, where all its samples do.
    """
    if width == 1:
        return session
    bins = (session.segments[:, 1] - session.segments[:, 0]) // width
    starts = np.concatenate(
        [start + width * np.arange(count) for (start, _), count in zip(session.segments, bins)]
    ).astype(np.int64)
    if len(starts) < 2:
        raise DataError(
            f"session '{session.id}': no segment holds two bins of {width} samples",
            "Make `bin` smaller.",
        )
    rows = starts[:, None] + np.arange(width)
    neural = (
        session.neural[rows].sum(1) if session.kind == "counts" else session.neural[rows].mean(1)
    )
    edges = np.concatenate([[0], np.cumsum(bins)])
    segments = np.stack([edges[:-1], edges[1:]], axis=1)[bins > 0]
    lost = len(session.time) - len(starts) * width
    return dataclasses.replace(
        session,
        neural=neural,
        time=session.time[rows].mean(1),
        rate_hz=session.rate_hz / width,
        segments=segments.astype(np.int64),
        labels={name: _binned(label, rows) for name, label in session.labels.items()},
        given=None
        if session.given is None
        else {k: _ranges(v, starts, width) for k, v in session.given.items()},
        groups={name: _shared(group[rows]) for name, group in session.groups.items()},
        notes=(
            *session.notes,
            f"{width} samples a bin; {lost} samples at segment ends did not fill one.",
        ),
    )


def _binned(label: Label, rows: np.ndarray) -> Label:
    if label.kind == "discrete":
        return dataclasses.replace(label, values=_most_frequent(label.values[rows]))
    values = label.values[rows]  # (bins, width, D)
    finite = np.isfinite(values)
    count = finite.sum(1)
    if label.kind == "circular":
        total = np.where(finite, np.exp(1j * np.where(finite, values, 0.0)), 0).sum(1)
        mean = np.angle(total) % (2 * np.pi)
    else:
        mean = np.where(finite, values, 0.0).sum(1) / np.maximum(count, 1)
    return dataclasses.replace(label, values=np.where(count > 0, mean, np.nan))


def _shared(ids: np.ndarray) -> np.ndarray:
    """(bins, width) ids -> (bins,): the id that all samples of a bin have, -1 where they differ."""
    return np.where((ids == ids[:, :1]).all(1), ids[:, 0], -1)


def _most_frequent(codes: np.ndarray) -> np.ndarray:
    """(bins, width) codes -> (bins,): the most frequent labelled code, -1 where there is none.

    Of equally frequent codes it is the smallest.
    """
    in_order = np.sort(codes, axis=1)
    width = codes.shape[1]
    place = np.arange(width)
    starts = np.ones(codes.shape, bool)
    starts[:, 1:] = in_order[:, 1:] != in_order[:, :-1]
    first = np.maximum.accumulate(np.where(starts, place, 0), axis=1)  # of the run of equal codes
    counts = np.where(in_order == UNLABELLED, 0, place - first + 1)
    best = in_order[np.arange(len(codes)), counts.argmax(1)]
    return np.where(counts.max(1) > 0, best, UNLABELLED)


def _ranges(ranges: np.ndarray, starts: np.ndarray, width: int) -> np.ndarray:
    """[start, stop) of samples -> of bins whose samples all lie inside."""
    first = np.searchsorted(starts, ranges[:, 0], side="left")
    last = np.searchsorted(starts + width, ranges[:, 1], side="right")
    kept = np.stack([first, last], axis=1)
    return kept[last > first].astype(np.int64)
