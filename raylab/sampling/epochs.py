"""Examples in random order, each once before any comes again."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from raylab.seeding import derive


class EpochSampler:
    """Positions of the examples of a step: a pure function of (seed, step, size).

    Args:
        count: How many examples there are.
    """

    def __init__(self, count: int, seed: int) -> None:
        self.count, self.seed = count, seed
        self._order = lru_cache(maxsize=2)(self._shuffled)

    def draw(self, step: int, size: int) -> np.ndarray:
        """(size,) int64."""
        place = step * size + np.arange(size)
        positions = np.empty(size, np.int64)
        for epoch in np.unique(place // self.count):
            held = place // self.count == epoch
            positions[held] = self._order(int(epoch))[place[held] % self.count]
        return positions

    def _shuffled(self, epoch: int) -> np.ndarray:
        return np.random.default_rng(derive(self.seed, "epoch", epoch)).permutation(self.count)
