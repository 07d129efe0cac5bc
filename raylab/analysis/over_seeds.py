"""A score over seeds, as results hold it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from raylab.evaluation.bootstrap import over_seeds
from raylab.evaluation.metrics import bounds_of
from raylab.results import Result


@dataclass(frozen=True)
class OverSeeds(Result):
    """A score over seeds.

    Attributes:
        mean: Arithmetic mean of the values.
        interval: The 95 % interval of the mean by Student's t, (low, high); None for one seed.
        values: The score of each seed.
    """

    mean: float
    interval: tuple[float, float] | None
    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Sequence[float], metric: str = "") -> OverSeeds:
        """The summary of one or more values of a metric, whose bounds the interval keeps."""
        summary = over_seeds(values, bounds_of(metric))
        interval = summary["interval"]
        return cls(summary["mean"], tuple(interval) if interval else None, tuple(summary["values"]))
