"""Losses of units put together over folds, and means of them with intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from raylab.analysis.answering.results import Span
from raylab.evaluation.certainty.beyond_chance import chance_pvalue
from raylab.evaluation.certainty.intervals import mean_interval

NO_SPAN = Span(None, None, None)
BOUNDS = {"balanced_accuracy": (0.0, 1.0)}  # of scores by metric
DIFFERENCES = {"balanced_accuracy": (-1.0, 1.0)}  # of two such scores
_UP_TO_ONE = (-math.inf, 1.0)


@dataclass(frozen=True, eq=False)
class Pooled:
    """Losses of the units of several folds, one fold after the other.

    Attributes:
        losses: (U,) weighted such that their plain mean is the mean of the folds' means, however
            many units each fold has.
        folds: (U,) the place of each unit's fold.
    """

    losses: np.ndarray
    folds: np.ndarray

    @classmethod
    def of(cls, folds: Sequence[np.ndarray]) -> Pooled:
        """The losses (U_k,) of the units of each fold k."""
        sizes = np.array([len(losses) for losses in folds])
        weights = sizes.sum() / (len(folds) * sizes)
        weighted = [weight * losses for weight, losses in zip(weights, folds)]
        return cls(np.concatenate(weighted), np.repeat(np.arange(len(folds)), sizes))

    def score(self, metric: str) -> Span:
        """1 - the mean loss with its 95 % interval, which stays in the metric's bounds."""
        return self._span(1 - self.losses, BOUNDS.get(metric, _UP_TO_ONE))

    def above(self, other: Pooled, metric: str) -> Span:
        """This score less another one of the same units, with the interval of the pairs."""
        gains = other.losses - self.losses
        bounds = DIFFERENCES.get(metric) if gains.any() else None
        return self._span(gains, bounds or (-math.inf, math.inf))

    def chance_pvalue(self, chance: Pooled) -> float:
        """How probable a gain over the constant as large as this is where there is none."""
        return chance_pvalue(self.losses, chance.losses, self.folds)

    def _span(self, values: np.ndarray, bounds: tuple[float, float]) -> Span:
        mean, low, high = mean_interval(values, folds=self.folds, bounds=bounds)
        if len(values) < 2 or not math.isfinite(mean):
            return Span(mean if math.isfinite(mean) else None, None, None)
        return Span(mean, low, high)
