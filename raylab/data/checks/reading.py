"""What a check of a session gets: the session, its recipe, and statistics of its units."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from raylab.data.recipe import Recipe
from raylab.data.recipe_sections.label import LabelSpec
from raylab.data.session import Session

CELLS = 2**20  # of the activity that are looked at together
PROBED = 64  # samples by which candidates are chosen, before all samples are compared


@dataclass(frozen=True)
class UnitStatistics:
    """Of each unit over all samples, (N,) each.

    Attributes:
        low, high: Smallest and largest value.
        mean: Of all values.
        whole: Whether all values are whole numbers.
        hashes: Equal for units with equal values.
    """

    low: np.ndarray
    high: np.ndarray
    mean: np.ndarray
    whole: np.ndarray
    hashes: np.ndarray


@dataclass(frozen=True)
class Reading:
    """A session as it was read, before its samples are binned.

    Attributes:
        recipe: Of this session; None where the file describes itself.
    """

    session: Session
    recipe: Recipe | None = None

    @property
    def neural(self) -> np.ndarray:
        return self.session.neural

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The path of each unit, where a pattern matched one array per unit; else empty."""
        column = self.session.units.get("id")
        is_pattern = self.recipe is not None and "id" not in self.recipe.units
        spec = self.recipe.neural if self.recipe is not None else None
        if column is None or spec is None or not is_pattern or column.dtype.kind not in "US":
            return ()
        return tuple(str(name) for name in column)

    def unit_name(self, unit: int) -> str:
        """`unit 3`, or its path in quotes."""
        return f"'{self.names[unit]}'" if self.names else f"unit {unit}"

    def label_spec(self, name: str) -> LabelSpec | None:
        """What the recipe states about a label; None for labels that are not from the recipe."""
        return self.recipe.labels.get(name) if self.recipe is not None else None

    @cached_property
    def probed(self) -> np.ndarray:
        """Samples, evenly spaced."""
        return np.unique(np.linspace(0, len(self.neural) - 1, PROBED).astype(np.int64))

    @cached_property
    def units(self) -> UnitStatistics:
        """Statistics of the units, from one pass over the activity."""
        return _statistics(self.neural)


def _statistics(neural: np.ndarray) -> UnitStatistics:
    samples, units = neural.shape
    low, high = np.full(units, np.inf), np.full(units, -np.inf)
    total, whole = np.zeros(units), np.ones(units, bool)
    hashes = np.zeros(units, np.uint64)
    random = np.random.default_rng(0)
    step = max(1, CELLS // units)
    for start in range(0, samples, step):
        part = np.ascontiguousarray(neural[start : start + step], np.float32)
        np.minimum(low, part.min(axis=0), out=low)
        np.maximum(high, part.max(axis=0), out=high)
        total += part.sum(axis=0, dtype=np.float64)
        whole &= (part == np.rint(part)).all(axis=0)
        # Whole numbers that wrap around: unlike sums of floats, equal columns give equal sums.
        weights = random.integers(1, 2**63, size=(len(part), 1), dtype=np.uint64)
        hashes += (part.view(np.uint32).astype(np.uint64) * weights).sum(axis=0, dtype=np.uint64)
    return UnitStatistics(low, high, total / samples, whole, hashes)
