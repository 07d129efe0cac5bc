"""What a model predicts of some examples, and the same as users get it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from raylab.evaluation.ensembles.averaging import average


@dataclass(frozen=True)
class Prediction:
    """What a model predicts of n examples.

    Attributes:
        kind: Of the label: continuous, circular or discrete.
        values: (n,) codes into `classes`, or (n, D) values or angles in radians.
        classes: Of a discrete label, the name of each code.
        probabilities: (n, classes) where the model knows them; else None.
    """

    kind: str
    values: np.ndarray
    classes: tuple[str, ...] = ()
    probabilities: np.ndarray | None = None

    def in_order(self, classes: Sequence[str]) -> Prediction:
        """The same with codes into other classes, among which are all of its own."""
        if self.kind != "discrete" or tuple(classes) == self.classes:
            return self
        place = np.array([classes.index(name) for name in self.classes], np.int64)
        likely = None
        if self.probabilities is not None:
            likely = np.zeros((len(self.values), len(classes)))
            likely[:, place] = self.probabilities
        return Prediction(self.kind, place[self.values], tuple(classes), likely)

    def labels(self) -> np.ndarray:
        """(n,) class names; (n,) float64 of a label of one column; else (n, D) float64."""
        if self.kind == "discrete":
            return np.array(self.classes)[self.values]
        values = self.values.astype(np.float64)
        return values[:, 0] if values.shape[1] == 1 else values

    @property
    def shares(self) -> np.ndarray:
        """(n, classes) probabilities; where the model has none, 1 for the class predicted."""
        if self.probabilities is None:
            return np.eye(len(self.classes))[self.values]
        return self.probabilities


def joined(predictions: Sequence[Prediction], weights: Sequence[float]) -> Prediction:
    """The weighted mean of several models' predictions, as `average` has it."""
    first = predictions[0]
    names = tuple(dict.fromkeys(name for each in predictions for name in each.classes))
    ordered = [each.in_order(names) for each in predictions]
    mean = average(
        first.kind,
        [each.values for each in ordered],
        probabilities=[each.probabilities for each in ordered],
        weights=weights,
        classes=len(names),
    )
    return Prediction(first.kind, mean.values, names, mean.probabilities)


def stacked(predictions: Sequence[Prediction]) -> Prediction:
    """The predictions of several stretches by one model, one after the other."""
    first = predictions[0]
    likely = [each.probabilities for each in predictions if each.probabilities is not None]
    return Prediction(
        first.kind,
        np.concatenate([each.values for each in predictions]),
        first.classes,
        np.concatenate(likely) if likely else None,
    )
