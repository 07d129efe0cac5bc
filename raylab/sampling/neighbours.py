"""Exact nearest neighbours among labels."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree


class Neighbours:
    """Exact nearest neighbour, in float64, on lines, circles and their products; ties go to the
    lowest index.

    Args:
        values: (n, C), n >= 1, finite.
        period: (C,) the period of a circular column, 0 for a linear one.
    """

    def __init__(self, values: np.ndarray, period: np.ndarray) -> None:
        self.period = period
        unique, self.first = np.unique(self._wrap(values), axis=0, return_index=True)
        self.tree = None
        if len(period) == 1:
            self._line(unique[:, 0])
        else:
            self.tree = cKDTree(unique, boxsize=period if period.any() else None)

    def __call__(self, query: np.ndarray) -> np.ndarray:
        """(q, C) -> (q,) int64 indices into `values`."""
        query = self._wrap(query)
        return self._on_line(query[:, 0]) if self.tree is None else self._in_tree(self.tree, query)

    def _wrap(self, values: np.ndarray) -> np.ndarray:
        """Circular columns to [0, period); -0.0 to 0.0, so that equal labels are one key."""
        values = values + 0.0
        for column in np.flatnonzero(self.period):
            wrapped = np.mod(values[:, column], self.period[column])
            wrapped[wrapped >= self.period[column]] = 0.0  # np.mod rounds tiny negative angles up
            values[:, column] = wrapped
        return values

    def _line(self, keys: np.ndarray) -> None:
        """Sorted keys; a circle is unrolled by one neighbour on each side."""
        if self.period[0] > 0:
            keys = np.concatenate([keys[-1:] - self.period, keys, keys[:1] + self.period])
            self.first = np.concatenate([self.first[-1:], self.first, self.first[:1]])
        self.keys = keys

    def _on_line(self, query: np.ndarray) -> np.ndarray:
        above = np.searchsorted(self.keys, query).clip(0, len(self.keys) - 1)
        below = (above - 1).clip(0)
        up, down = np.abs(self.keys[above] - query), np.abs(query - self.keys[below])
        tied = np.minimum(self.first[above], self.first[below])
        return np.where(up < down, self.first[above], np.where(down < up, self.first[below], tied))

    def _in_tree(self, tree: cKDTree, query: np.ndarray) -> np.ndarray:
        distance, index = (np.asarray(nearest) for nearest in tree.query(query, k=2))
        result = self.first[index[:, 0]]
        tied = np.flatnonzero(distance[:, 0] == distance[:, 1])
        if len(tied):  # labels on a grid; the tree returns any of them
            balls = tree.query_ball_point(query[tied], distance[tied, 0] * (1 + 1e-14))
            result[tied] = [self.first[ball].min() for ball in balls]
        return result
