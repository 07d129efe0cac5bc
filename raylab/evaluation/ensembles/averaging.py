"""The mean of what several models predict of one label: seeds of one model, or an ensemble."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

ROUNDING = 1e-9  # probabilities that differ by less are equal


@dataclass(frozen=True)
class Averaged:
    """The mean prediction of n examples.

    Attributes:
        values: (n,) class codes, or (n, D) values or angles in radians.
        probabilities: (n, classes) of a discrete label, or shares of votes; rows sum to 1. Else
            None.
    """

    values: np.ndarray
    probabilities: np.ndarray | None = None


def average(
    kind: str,
    values: Sequence[np.ndarray],
    *,
    probabilities: Sequence[np.ndarray | None] = (),
    weights: Sequence[float] | None = None,
    classes: int = 0,
) -> Averaged:
    """The weighted mean of the predictions of several models on the same n examples.

    Values are averaged; angles on the circle. Of classes the probabilities are averaged where all
    models have them. Else every model votes: beside a vote, which is 1 or 0, the probabilities of
    others would hardly count. The class of the largest mean is predicted, of equally likely ones
    that of the first model that predicts one of them. A single model keeps its own predictions.

    Args:
        kind: Of the label: continuous, circular or discrete.
        values: Of each model (n,) class codes, or (n, D) values or angles in radians.
        probabilities: Of each model (n, classes), or None; may be left out where none has them.
        weights: Of each model, not negative; default: all models count the same.
        classes: How many classes a discrete label has.
    """
    shares = np.full(len(values), 1.0) if weights is None else np.asarray(weights, float)
    shares = shares / shares.sum()
    if kind == "discrete":
        return _classes(values, probabilities or [None] * len(values), shares, classes)
    if len(values) == 1:
        return Averaged(values[0])
    if kind == "circular":
        return Averaged(np.angle(_mean([np.exp(1j * each) for each in values], shares)))
    return Averaged(_mean(values, shares))


def _classes(
    values: Sequence[np.ndarray],
    probabilities: Sequence[np.ndarray | None],
    shares: np.ndarray,
    classes: int,
) -> Averaged:
    known = [likely for likely in probabilities if likely is not None]
    voted = len(known) < len(values)
    mean = _mean([np.eye(classes)[codes] for codes in values] if voted else known, shares)
    return Averaged(values[0] if len(values) == 1 else _likeliest(mean, values), mean)


def _likeliest(mean: np.ndarray, values: Sequence[np.ndarray]) -> np.ndarray:
    """(n,) the class of the largest mean; of equal ones that of the first model that has one."""
    largest = mean >= mean.max(axis=1, keepdims=True) - ROUNDING
    likeliest = mean.argmax(axis=1)
    for codes in reversed(values):
        likeliest = np.where(largest[np.arange(len(mean)), codes], codes, likeliest)
    return likeliest


def _mean(values: Sequence[np.ndarray], shares: np.ndarray) -> np.ndarray:
    return np.asarray(sum(share * each for share, each in zip(shares, values, strict=True)))
