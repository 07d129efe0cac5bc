"""One numbering of classes for all sessions: sessions number the classes that they have."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from raylab.errors import TrainingError
from raylab.evaluation.decoding import Decoded


def classes_of(decoded: Mapping[str, Decoded]) -> tuple[str, ...]:
    """The names of all classes, in the order in which the sessions name them."""
    return tuple(dict.fromkeys(name for each in decoded.values() for name in each.classes))


def renumbered(decoded: Decoded, codes: np.ndarray, classes: tuple[str, ...]) -> np.ndarray:
    """(n,) codes of one session as codes into `classes`; values of other labels as they are.

    Raises:
        TrainingError: A code has a class that `classes` lacks.
    """
    if decoded.kind != "discrete":
        return np.asarray(codes, np.float64)
    unnamed = sorted(set(decoded.classes) - set(classes))
    if unnamed:
        raise TrainingError(f"the class '{unnamed[0]}' is not among those of the held-out samples")
    return np.array([classes.index(name) for name in decoded.classes], np.int64)[codes]


def probabilities(
    decoded: Mapping[str, Decoded], tables: Mapping[str, np.ndarray], classes: tuple[str, ...]
) -> np.ndarray | None:
    """(n, classes) how likely each class is, session after session; None where that is not known of
    every session. A class that a session does not have has 0.

    Args:
        tables: Of each session (n, its own classes), as `Candidate.probabilities` gives them.
    """
    if not decoded or set(decoded) - set(tables):
        return None
    numbered = []
    for name, each in decoded.items():
        table = np.zeros((len(each.truth), len(classes)))
        table[:, renumbered(each, np.arange(len(each.classes)), classes)] = tables[name]
        numbered.append(table)
    return np.concatenate(numbered)
