"""Intervals of means of units that are not independent of each other."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import stdtrit  # scipy.stats would take half a second more to import

MOST = 0.9  # of an autocorrelation


def mean_interval(
    values: np.ndarray,
    level: float = 0.95,
    folds: np.ndarray | None = None,
    bounds: tuple[float, float] = (-math.inf, math.inf),
) -> tuple[float, float, float]:
    """The mean of units with its interval: (mean, low, high).

    Student's t with the standard error of autocorrelated units. A paired difference is the mean of
    the units' differences.

    Args:
        values: (U,) in order of time.
        folds: (U,) what each unit lies in; units of different folds are no neighbours.
        bounds: The least and greatest possible mean, which the interval does not leave.
    """
    values = np.asarray(values, np.float64)
    mean = float(values.mean())
    if len(values) < 2:
        return mean, bounds[0], bounds[1]
    inflation = variance_inflation(values, folds)
    effective = max(len(values) / inflation, 2)
    error = float(values.std(ddof=1)) / math.sqrt(effective)
    half = float(stdtrit(effective - 1, (1 + level) / 2)) * error
    return mean, max(mean - half, bounds[0]), min(mean + half, bounds[1])


def variance_inflation(values: np.ndarray, folds: np.ndarray | None = None) -> float:
    """How much larger the variance of the mean is than that of independent units, 1 or more."""
    correlation = autocorrelation(values, folds)
    return (1 + correlation) / (1 - correlation)


def autocorrelation(values: np.ndarray, folds: np.ndarray | None = None) -> float:
    """Of neighbouring units, with the correction for few units; 0 where it is negative."""
    centred = values - values.mean()
    total = float(centred @ centred)
    if total == 0 or len(values) < 5:
        return 0.0
    products = centred[1:] * centred[:-1]
    if folds is not None:
        products = products[np.asarray(folds)[1:] == np.asarray(folds)[:-1]]
    plain, count = float(products.sum()) / total, len(values)
    return min(max((count * plain + 1) / (count - 4), 0.0), MOST)
