"""Intervals of means of units that are not independent of each other."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import stdtrit  # scipy.stats would take half a second more to import

from raylab.evaluation.certainty.means import FEW, Mean, mean_of

Bounds = tuple[float, float]
SKEWEST = 0.3  # of a mean, beyond which the expansion of Hall 1992 makes no sense


def mean_interval(
    values: np.ndarray,
    level: float = 0.95,
    folds: np.ndarray | None = None,
    bounds: Bounds = (-math.inf, math.inf),
) -> tuple[float, float, float]:
    """The mean of units with its interval: (mean, low, high).

    Student's t with the standard error of autocorrelated units, made longer on the side of the
    longer tail (Hall 1992). Where both bounds are known, the interval of a share (Wilson 1927) with
    as many samples as the units are worth, which does not shrink to a point where every unit is
    right; of a difference of two shares that of its two sides (Newcombe 1998).

    Args:
        values: (U,) in order of time. Of a paired difference: the differences of the units.
        folds: (U,) what each unit lies in; units of different folds are no neighbours.
        bounds: The least and greatest possible mean: (0, 1) of an accuracy, (-1, 1) of a difference
            of accuracies, (-inf, 1) of R2. The interval does not leave them.
    """
    values = np.asarray(values, np.float64)
    if len(values) < 2:
        return float(values.mean()), *bounds
    if not np.isfinite(bounds).all():
        mean = mean_of(values, folds)
        low, high = _skewed(mean, level)
    elif bounds[0] < 0 < bounds[1]:
        low, high = _difference(values, level, folds)
    else:
        size = bounds[1] - bounds[0]
        shares = _share((values - bounds[0]) / size, level, folds)
        low, high = (bounds[0] + size * share for share in shares)
    return float(values.mean()), max(low, bounds[0]), min(high, bounds[1])


def quantile_of(mean: Mean, level: float) -> float:
    """Student's t beyond which a mean lies in (1 - level) / 2 of all cases."""
    return float(stdtrit(mean.worth - 1, (1 + level) / 2))


def _skewed(mean: Mean, level: float) -> Bounds:
    """The longer of Student's t and Hall's transformation of it, on either side."""
    t, skewness = quantile_of(mean, level), max(min(mean.skewness, SKEWEST), -SKEWEST)
    below, above = (_transformed(each, skewness) for each in (t, -t))
    return mean.value - mean.error * max(t, below), mean.value - mean.error * min(-t, above)


def _transformed(t: float, skewness: float) -> float:
    if abs(skewness) < 1e-9:
        return t
    return 3 / skewness * (math.cbrt(1 + skewness * (t - skewness / 6)) - 1)


def _share(values: np.ndarray, level: float, folds: np.ndarray | None) -> Bounds:
    """Of a mean between 0 and 1: Wilson's interval of as many samples as the units are worth."""
    mean = mean_of(values, folds)
    share = min(max(mean.value, 0.0), 1.0)
    spread = share * (1 - share)
    samples = spread / mean.error**2 if mean.error > 0 and spread > 0 else mean.worth
    if samples < FEW:  # values far beyond 0 and 1
        return 0.0, 1.0
    square = quantile_of(mean, level) ** 2 / samples
    middle = (share + square / 2) / (1 + square)
    half = math.sqrt(square * (spread + square / 4)) / (1 + square)
    return middle - half, middle + half


def _difference(values: np.ndarray, level: float, folds: np.ndarray | None) -> Bounds:
    """Of a mean between -1 and 1: what the units above 0 and those below 0 say, put together."""
    sides = np.maximum(values, 0), np.maximum(-values, 0)
    (low, high), (lower, higher) = (_share(side, level, folds) for side in sides)
    above, below = (float(side.mean()) for side in sides)
    both = _correlation(*sides)
    down = (above - low, higher - below)
    up = (high - above, below - lower)
    difference = above - below
    return difference - _combined(*down, both), difference + _combined(*up, both)


def _combined(a: float, b: float, correlation: float) -> float:
    return math.sqrt(max(a**2 - 2 * correlation * a * b + b**2, 0.0))


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    spread = float(a.std() * b.std())
    return float(((a - a.mean()) * (b - b.mean())).mean()) / spread if spread > 0 else 0.0
