"""The time that samples cover: which samples overlap, and which lie near those of another split.

Segments of one recording may overlap in time (two presentations whose windows share spikes), and a
sample of calcium still holds what happened a second ago. Both are leaks that sample numbers do not
show.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

SLACK = 0.99  # clocks jitter: bins that share less than a hundredth of their width do not overlap


@dataclass(frozen=True)
class Spans:
    """(T,) seconds each: the middle, begin and end of what a sample covers. Inside a segment spans
    never overlap.
    """

    time: np.ndarray
    begin: np.ndarray
    end: np.ndarray

    @classmethod
    def of(cls, time: np.ndarray, rate_hz: float, segment: np.ndarray) -> Spans:
        """Half a sample period to either side of `time`, or half-way to a neighbour in the same
        segment.

        Args:
            segment: (T,) the segment of each sample, -1 outside.
        """
        joined = (segment[1:] == segment[:-1]) & (segment[1:] >= 0)
        step = np.diff(time)
        # Where stamps jitter, the last sample of a segment and the first of the next may be as near
        # as two inside one.
        least = np.quantile(step[joined], 0.01, method="lower") if joined.any() else np.inf
        width = min(1.0 / rate_hz, float(least))
        half = (
            SLACK
            / 2
            * np.concatenate([[width], np.where(joined, np.minimum(step, width), width), [width]])
        )
        return cls(np.asarray(time), time - half[:-1], time + half[1:])

    def join(self, groups: np.ndarray) -> np.ndarray:
        """(T,) group numbers from 0, those that overlap in time made one; -1 where `groups` is
        negative.
        """
        inside = np.flatnonzero(groups >= 0)
        names, index = np.unique(groups[inside], return_inverse=True)
        order = np.argsort(self.begin[inside], kind="stable")
        begin, latest = self.begin[inside][order], np.maximum.accumulate(self.end[inside][order])
        # Spans sorted by begin are one overlapping heap until one begins after all before it have
        # ended.
        left, right = index[order][:-1], index[order][1:]
        touching = (begin[1:] < latest[:-1]) & (left != right)
        graph = coo_array(
            (np.ones(touching.sum()), (left[touching], right[touching])),
            shape=(len(names), len(names)),
        )
        joined = np.full(len(groups), -1, np.int64)
        joined[inside] = connected_components(graph, directed=False)[1][index]
        return joined

    def near(self, samples: np.ndarray, runs: np.ndarray, gap_s: float) -> np.ndarray:
        """(K,) bool: which of `samples` (K,) overlap one of `runs` (R, 2), or are less than `gap_s`
        seconds away.
        """
        if not len(runs):
            return np.zeros(len(samples), bool)
        order = np.argsort(self.begin[runs[:, 0]], kind="stable")
        first = self.begin[runs[:, 0]][order]
        latest = np.concatenate([[-np.inf], np.maximum.accumulate(self.end[runs[:, 1] - 1][order])])
        at = np.searchsorted(
            first, self.time[samples], side="right"
        )  # runs that begin before the sample's middle
        since = self.begin[samples] - latest[at]
        until = np.append(first, np.inf)[at] - self.end[samples]
        return np.asarray(np.minimum(since, until) < gap_s)
