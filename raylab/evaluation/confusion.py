"""Confusion matrices: how often each class is predicted for each true class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Confusion:
    """Counts of scored samples.

    Attributes:
        counts: (C, C) int64; rows are the true class, columns the predicted one.
        classes: (C,) names.
    """

    counts: np.ndarray
    classes: tuple[str, ...]

    @property
    def fractions(self) -> np.ndarray:
        """(C, C) fractions of each true class; NaN in the rows of classes without a sample."""
        shown = self.counts.sum(axis=1, keepdims=True)
        return np.divide(
            self.counts, shown, out=np.full(self.counts.shape, np.nan), where=shown > 0
        )

    def table(self) -> pd.DataFrame:
        """The counts as a table: a row per true class, whose name is in the first column."""
        named = pd.DataFrame(self.counts, columns=list(self.classes))
        named.insert(0, "true", list(self.classes), allow_duplicates=True)
        return named

    def mistakes(self, most: int = 5) -> list[dict[str, str | float]]:
        """The pairs that are confused most often, by the share of the true class."""
        off = np.nan_to_num(self.fractions)
        np.fill_diagonal(off, 0)
        worst = np.argsort(-off, axis=None, kind="stable")[:most]
        pairs = zip(*np.unravel_index(worst, off.shape))
        return [
            {"true": self.classes[i], "predicted": self.classes[j], "fraction": float(off[i, j])}
            for i, j in pairs
            if off[i, j] > 0
        ]


def confusion(truth: np.ndarray, predicted: np.ndarray, classes: Sequence[str]) -> Confusion:
    """The confusion matrix of (Q,) true and (Q,) predicted codes into `classes`."""
    count = len(classes)
    counts = np.bincount(truth * count + predicted, minlength=count * count).reshape(count, count)
    return Confusion(counts.astype(np.int64), tuple(classes))


def summed(matrices: Sequence[Confusion]) -> Confusion:
    """The sum over sessions. Classes are matched by name; where all names are numbers, they are in
    the order of the numbers.
    """
    classes = _ordered(list(dict.fromkeys(name for matrix in matrices for name in matrix.classes)))
    place = {name: at for at, name in enumerate(classes)}
    counts = np.zeros((len(classes), len(classes)), np.int64)
    for matrix in matrices:
        at = [place[name] for name in matrix.classes]
        counts[np.ix_(at, at)] += matrix.counts
    return Confusion(counts, classes)


def _ordered(names: list[str]) -> tuple[str, ...]:
    try:
        return tuple(sorted(names, key=float))
    except ValueError:
        return tuple(names)
