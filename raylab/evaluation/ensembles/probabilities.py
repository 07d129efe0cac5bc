"""Probabilities of classes from the scores that readouts and networks give them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.special import softmax

from raylab.config.readouts import READOUTS
from raylab.evaluation.decoding import Decoded
from raylab.evaluation.readout_method import method_of


def class_probabilities(kind: str, scores: np.ndarray) -> np.ndarray | None:
    """Probabilities of classes, where the scores of a model can be read as such.

    Args:
        kind: Of the readout (`ridge`, `knn`, ...) or of the network (`mlp`, ...): `model.kind` of a
            decoder, or `evaluation.decoder.kind` of an embedding.
        scores: (n, classes), larger for a likelier class, as `Predicted.scores` has them.

    Returns:
        (n, classes) float64 whose rows sum to 1: the softmax of log-probabilities, or the shares of
        the neighbours' votes. None for readouts whose scores are distances from a boundary, such as
        ridge and svm.
    """
    meaning = method_of(kind).score_meaning if READOUTS.find(kind) else "log_probabilities"
    if meaning == "log_probabilities":
        return np.asarray(softmax(scores.astype(np.float64), axis=1))
    if meaning == "votes":
        votes = np.maximum(scores, 0).astype(np.float64)  # classes that were not fitted are below 0
        return np.asarray(votes / votes.sum(axis=1, keepdims=True))
    return None


def session_probabilities(kind: str, decoded: Mapping[str, Decoded]) -> dict[str, np.ndarray]:
    """The (n, classes) probabilities of each session, of the classes that `Decoded.classes` names;
    sessions without any are left out. `kind` is as of `class_probabilities`.
    """
    tables = {
        name: class_probabilities(kind, each.class_scores)
        for name, each in decoded.items()
        if each.class_scores is not None
    }
    return {name: likely for name, likely in tables.items() if likely is not None}
