"""The axis of time of a recording with gaps: long gaps are shortened, and marked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

GAP = 0.02  # of all that is shown: how long a gap may be without being shortened
TICKS = 10
MARKED = 60  # gaps up to which each is marked
_STEPS = (1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True, eq=False)
class Axis:
    """An axis of time.

    Attributes:
        places: (n,) where each example is drawn: seconds less what was cut out of long gaps.
        ends: (P,) positions of the last example of each continuous part.
        breaks: Where a line marks a gap that was shortened.
        ticks, texts: Where ticks are, and the seconds of the recording's clock there.
        left, right: The ends of the axis.
        title: Of the axis.
        longest: How many examples a continuous part has, in the median.
    """

    places: np.ndarray
    ends: np.ndarray
    breaks: list[float]
    ticks: list[float]
    texts: list[str]
    left: float
    right: float
    title: str
    longest: float


def time_axis(seconds: np.ndarray | None, part: np.ndarray | None, at: np.ndarray) -> Axis:
    """The axis of the examples at some positions, which are in order of time.

    Args:
        seconds: (N,) times of all examples; None: they are counted instead.
        part: (N,) the continuous part of each.
        at: (n,) positions of the examples that are drawn.
    """
    if seconds is None or part is None or not len(at):
        return _counted(len(at))
    time, parts = np.asarray(seconds[at], np.float64), part[at]
    order = np.argsort(time, kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    steps = np.diff(time[order])
    last = np.flatnonzero(np.diff(parts[order]) != 0)
    shown = steps.sum() - steps[last].sum()
    most = GAP * max(float(shown), 1e-9)
    cut = np.zeros(len(time))
    cut[last + 1] = np.maximum(steps[last] - most, 0.0)
    removed = np.cumsum(cut)
    places = time[order] - removed
    long = last[steps[last] > most]
    middles = (places[long] + places[long + 1]) / 2
    ticks, texts = _ticks(time[order], removed, np.append(last, len(time) - 1))
    margin = 0.01 * max(float(places[-1] - places[0]), 1e-9)
    return Axis(
        places=places[rank],
        ends=np.flatnonzero(np.diff(parts) != 0),
        breaks=middles.tolist() if len(middles) <= MARKED else [],
        ticks=ticks,
        texts=texts,
        left=float(places[0]) - margin,
        right=float(places[-1]) + margin,
        title="time (s); dotted: a gap, shortened" if len(long) else "time (s)",
        longest=len(time) / (len(last) + 1),
    )


def _ticks(
    time: np.ndarray, removed: np.ndarray, last: np.ndarray
) -> tuple[list[float], list[str]]:
    """Round times inside the continuous parts, and the first time of a part without any."""
    shown = float(time[-1] - time[0] - removed[-1])
    step = _round_step(max(shown, 1e-9) / TICKS)
    ticks: list[float] = []
    texts: list[str] = []
    first = 0
    for end in last.tolist():
        begin, stop = float(time[first]), float(time[end])
        inside = np.arange(np.ceil(begin / step) * step, stop + 1e-9, step).tolist()
        for value in inside or [begin]:
            place = value - float(removed[first])
            if not ticks or place - ticks[-1] >= 0.6 * step:
                ticks.append(place)
                texts.append(f"{round(value, 3):g}")
        first = end + 1
    return ticks, texts


def _round_step(least: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is not below `least`."""
    scale = 10.0 ** np.floor(np.log10(least))
    return float(next(step * scale for step in _STEPS if step * scale >= least * (1 - 1e-9)))


def _counted(count: int) -> Axis:
    """An axis of numbers of examples, whose times are not known: no two belong together."""
    ends = np.arange(max(count - 1, 0))
    step = _round_step(max(count, 1) / TICKS)
    ticks = np.arange(0, max(count, 1), max(step, 1.0)).tolist()
    return Axis(
        places=np.arange(count, dtype=np.float64),
        ends=ends,
        breaks=[],
        ticks=ticks,
        texts=[f"{tick:g}" for tick in ticks],
        left=-0.5,
        right=max(count, 1) - 0.5,
        title="example, evenly spaced ones of the split",
        longest=1.0,
    )
