"""Fitted trees as arrays, and what they predict: no object of scikit-learn is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from raylab.evaluation.readout_method import Arrays

BLOCK = 4096  # rows that walk down the trees together


@dataclass(frozen=True)
class Nodes:
    """The nodes of T trees, one tree after the other.

    Attributes:
        feature: (N,) int32, which feature a node compares; -1 of a leaf.
        threshold: (N,) float64: where the feature is at most this, the way goes left.
        left, right: (N,) int32, the places of the next nodes in these arrays.
        roots: (T + 1,) int64, the place of each tree's first node, and N.
    """

    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    roots: np.ndarray

    @property
    def arrays(self) -> Arrays:
        return dict(vars(self))

    @classmethod
    def of(cls, arrays: Arrays) -> Nodes:
        names = ("feature", "threshold", "left", "right", "roots")
        return cls(**{name: arrays[name] for name in names})

    @classmethod
    def joined(cls, trees: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]) -> Nodes:
        """From (feature, threshold, left, right) of each tree, with places within the tree."""
        sizes = [len(feature) for feature, *_ in trees]
        roots = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        feature, threshold, left, right = (np.concatenate(column) for column in zip(*trees))
        first = np.repeat(roots[:-1], sizes)
        return cls(
            feature.astype(np.int32),
            threshold.astype(np.float64),
            (left + first).astype(np.int32),
            (right + first).astype(np.int32),
            roots,
        )

    def first(self, count: int) -> Nodes:
        """The first `count` trees."""
        stop = self.roots[count]
        return Nodes(
            feature=self.feature[:stop],
            threshold=self.threshold[:stop],
            left=self.left[:stop],
            right=self.right[:stop],
            roots=self.roots[: count + 1],
        )

    def leaves(self, features: np.ndarray) -> Iterator[np.ndarray]:
        """For each tree, the (n,) places of the leaves in which (n, F) features end."""
        for root in self.roots[:-1]:
            at = np.full(len(features), root, np.int32)
            rows = np.arange(len(features))
            while len(rows):
                rows = rows[self.feature[at[rows]] >= 0]
                here = at[rows]
                low = features[rows, self.feature[here]] <= self.threshold[here]
                at[rows] = np.where(low, self.left[here], self.right[here])
            yield at


def blocks(features: np.ndarray) -> Iterator[np.ndarray]:
    """(n, F) features, some rows at a time."""
    yield from np.split(features, range(BLOCK, len(features), BLOCK))


def threads() -> threadpool_limits:
    """Limits OpenMP to the threads that the trial has."""
    return threadpool_limits(limits=torch.get_num_threads(), user_api="openmp")
