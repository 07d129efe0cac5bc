"""Spike counts in bins of stimulus presentations, from the times of the presentations.

One core counts a true-size session (2,000 units, 100 million spikes, 5,950 presentations of 5 bins)
in about two seconds, one unit at a time: less than it takes Ray to start, so units are not spread
over processes. Sessions are.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

# units transposed at once: rows of the result are samples, and single columns are slow to write
BLOCK = 64
# presentations that follow each other may overlap by rounding; a sample of a probe is 33 us
TOUCH_S = 1e-6


def bin_edges(starts: np.ndarray, window_s: tuple[float, float], bins: int) -> np.ndarray:
    """(P, bins + 1) edges in seconds of equal bins of a window around the (P,) starts of
    presentations.
    """
    return np.asarray(starts, np.float64)[:, None] + np.linspace(*window_s, bins + 1)


def count_spikes(spikes: Iterable[np.ndarray], edges: np.ndarray, *, units: int) -> np.ndarray:
    """Counts of every unit in every bin.

    A spike lies in a bin when edge <= time < next edge, so inside a presentation it is counted
    once. (allensdk's `presentationwise_spike_counts` counts a spike exactly on an inner edge in
    both bins.) Where presentations overlap it counts for each of them; see `overlap_groups`.

    Args:
        spikes: Times in seconds of one unit after the other, in any order within a unit; NaN is no
            spike.
        edges: (P, K + 1) seconds, increasing in a row; rows may overlap and come in any order.
        units: How many units `spikes` gives.

    Returns:
        (P * K, units) float32, the bins of one presentation after those of another.
    """
    rows, columns = edges.shape
    counts = np.zeros((rows * (columns - 1), units), np.float32)
    block = np.empty((BLOCK, len(counts)), np.float32)
    held, unit = 0, 0
    for unit, times in enumerate(spikes, start=1):
        before = np.searchsorted(_sorted(times), edges.reshape(-1)).reshape(rows, columns)
        block[held] = np.diff(before, axis=1).reshape(-1)
        held += 1
        if held == BLOCK:
            counts[:, unit - held : unit] = block.T
            held = 0
    counts[:, unit - held : unit] = block[:held].T
    return counts


def overlap_groups(ids: np.ndarray, start: np.ndarray, stop: np.ndarray) -> np.ndarray:
    """(P,) ids such that windows [start, stop) which share time share an id: the smallest of
    theirs.

    Overlapping windows count the same spikes, so no split may separate them. Shared time of less
    than a microsecond is rounding.
    """
    order = np.argsort(start, kind="stable")
    latest = np.maximum.accumulate(stop[order])
    chained = np.concatenate([[False], start[order][1:] < latest[:-1] - TOUCH_S])
    chain = np.cumsum(~chained) - 1
    smallest = np.full(chain[-1] + 1 if len(chain) else 0, np.iinfo(np.int64).max)
    np.minimum.at(smallest, chain, ids[order])
    merged = np.empty(len(ids), np.int64)
    merged[order] = smallest[chain]
    return merged


def touching(start: np.ndarray, stop: np.ndarray, intervals: np.ndarray) -> np.ndarray:
    """(P,) bool: which of [start, stop] meet one of the (I, 2) intervals, borders included, as
    allensdk has it.
    """
    met = np.zeros(len(start), bool)
    for low, high in intervals:
        met |= (start <= high) & (stop >= low)
    return met


def movie_repeats(start: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """(P,) which showing of the movie each presented frame belongs to, from 0.

    A showing begins where the frame number, in order of time, does not rise. So rows that are
    missing in the middle, at the end or at the beginning move no other label, as counting rows
    would.
    """
    order = np.argsort(start, kind="stable")
    again = np.concatenate([[0], np.diff(frame[order]) <= 0]).astype(np.int64)
    repeat = np.empty(len(frame), np.int64)
    repeat[order] = np.cumsum(again)[: len(frame)]
    return repeat


def _sorted(times: np.ndarray) -> np.ndarray:
    return times if (times[1:] >= times[:-1]).all() else np.sort(times)
