"""The mean of units that follow each other in time, and how wrong it may be."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

MOST = 0.9  # of an autocorrelation
FEW = 2.0  # independent units that any number of units is worth at least


@dataclass(frozen=True)
class Mean:
    """A mean of units.

    Attributes:
        value: The mean.
        error: Its standard error.
        worth: How many independent units the units are worth.
        skewness: Of the mean.
    """

    value: float
    error: float
    worth: float
    skewness: float


def mean_of(values: np.ndarray, folds: np.ndarray | None = None) -> Mean:
    """The mean of two or more units in order of time; `folds` as of `autocorrelation`.

    A unit is correlated with its neighbours as in an autoregressive process of order 1: the
    variance of the mean is (1 + r) / (1 - r) times that of independent units, and the variance of
    the units, which is taken about their own mean, is too small by a known factor.
    """
    count, value = len(values), float(values.mean())
    inflation = variance_inflation(values, folds)
    shrunk = max(1 - (inflation - 1) / (count - 1), 0.3)
    spread = float(values.std(ddof=1)) / math.sqrt(shrunk)
    worth = max(count / inflation, FEW)
    third = float(((values - value) ** 3).mean()) / spread**3 if spread > 0 else 0.0
    skewness = third * math.sqrt(inflation / worth)
    return Mean(value, spread / math.sqrt(worth), worth, skewness)


def variance_inflation(values: np.ndarray, folds: np.ndarray | None = None) -> float:
    """How much larger the variance of the mean is than that of independent units, 1 or more."""
    correlation = autocorrelation(values, folds)
    return (1 + correlation) / (1 - correlation)


def autocorrelation(values: np.ndarray, folds: np.ndarray | None = None) -> float:
    """Of neighbouring units, corrected for the bias of few units; 0 where it is negative.

    Args:
        values: (U,) or (U, k) of k series, which then share one autocorrelation.
        folds: (U,) what each unit lies in; units of different folds are no neighbours.
    """
    centred = values - values.mean(axis=0)
    total, count = float((centred**2).sum()), len(values)
    if total == 0 or count < 5:
        return 0.0
    products = centred[1:] * centred[:-1]
    if folds is not None:
        products = products[np.asarray(folds)[1:] == np.asarray(folds)[:-1]]
    plain = float(products.sum()) / total
    return min(max((count * plain + 1) / (count - 4), 0.0), MOST)
