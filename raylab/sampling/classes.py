"""Classes of rows: combinations of discrete labels, and drawing rows of a class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator

from raylab.data.session import UNLABELLED, Label
from raylab.errors import TrainingError
from raylab.sampling.source import Rows


def class_of_rows(labels: Sequence[Label]) -> np.ndarray:
    """(T,) int64: one number for each combination of classes, -1 where a label is missing.

    The same number in two sessions means the same, where their labels have equal `classes` (see
    `align`).
    """
    combined = np.zeros(len(labels[0].values), np.int64)
    labelled = np.ones(len(combined), bool)
    for label in labels:
        combined = combined * _count(label) + label.values
        labelled &= label.labelled
    return np.where(labelled, combined, UNLABELLED)


def _count(label: Label) -> int:
    """Codes of a label may go beyond the classes that have a name."""
    return max(len(label.classes), int(label.values.max(initial=0)) + 1)


def align(labels: Sequence[Label]) -> list[Label]:
    """One discrete label of several sessions in one common code: classes are matched by name."""
    names = tuple(sorted({name for label in labels for name in label.classes}))
    codes = [
        np.array([names.index(name) for name in label.classes] + [UNLABELLED]) for label in labels
    ]
    return [
        Label(kind="discrete", values=code[label.values], unit=label.unit, classes=names)
        for label, code in zip(labels, codes)
    ]


class ByClass:
    """Rows sorted by their class.

    Args:
        rows: (n,) any.
        classes: (n,) the class of each.
    """

    def __init__(self, rows: Rows, classes: np.ndarray) -> None:
        self.order = rows[np.argsort(classes, kind="stable")]
        self.known, self.counts = np.unique(classes, return_counts=True)
        self.starts = np.cumsum(self.counts) - self.counts

    def of(self, random: Generator, classes: np.ndarray) -> Rows:
        """A row of each of these classes, uniform within the class."""
        group = np.searchsorted(self.known, classes)
        return self.order[self.starts[group] + random.integers(self.counts[group])]

    def balanced(self, random: Generator, size: tuple[int, ...]) -> Rows:
        """Rows of which every class is as likely (cebra.distributions.DiscreteUniform, over the
        classes there are).
        """
        return self.of(random, self.known[random.integers(len(self.known), size=size)])


def shared_classes(sets: Sequence[np.ndarray]) -> np.ndarray:
    """The classes that all sessions have: others have no partner in some session."""
    shared = sets[0]
    for other in sets[1:]:
        shared = np.intersect1d(shared, other)
    if not len(shared):
        raise TrainingError(
            "sampling.positives 'across': the sessions have no class of the label in common",
            "Choose another label (sampling.labels), or --set sampling.positives=within.",
        )
    return shared
