"""Which class a decoder takes for which."""

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
        """(C, C) of each true class; NaN in the rows of classes that were never shown."""
        shown = self.counts.sum(axis=1, keepdims=True)
        return np.divide(
            self.counts, shown, out=np.full(self.counts.shape, np.nan), where=shown > 0
        )

    def table(self) -> pd.DataFrame:
        """The counts with names: a row a true class, first its name."""
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
    """Of (Q,) true and predicted codes into `classes`."""
    count = len(classes)
    counts = np.bincount(truth * count + predicted, minlength=count * count).reshape(count, count)
    return Confusion(counts.astype(np.int64), tuple(classes))


def summed(matrices: Sequence[Confusion]) -> Confusion:
    """One of several sessions, classes matched by name and in the order of their numbers where all
    are numbers.
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
