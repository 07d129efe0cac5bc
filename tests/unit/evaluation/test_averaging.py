"""Means over several models of what they predict of one label."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from raylab.config.readouts import READOUTS
from raylab.evaluation.ensembles.averaging import average
from raylab.evaluation.ensembles.probabilities import class_probabilities


def test_numbers_are_averaged_with_their_weights() -> None:
    averaged = average("continuous", [np.array([[0.0]]), np.array([[4.0]])], weights=[3, 1])
    assert averaged.values.tolist() == [[1.0]]
    assert averaged.probabilities is None


def test_angles_are_averaged_on_the_circle() -> None:
    angles = [np.array([[np.pi - 0.1]]), np.array([[-np.pi + 0.3]])]
    assert np.mod(average("circular", angles).values, 2 * np.pi) == pytest.approx(np.pi + 0.1)


def test_probabilities_are_averaged_and_others_vote() -> None:
    codes = [np.array([0, 1]), np.array([1, 1]), np.array([1, 2])]
    likely = np.array([[0.9, 0.1, 0.0], [0.2, 0.5, 0.3]])
    averaged = average("discrete", codes, probabilities=[likely, None, None], classes=3)
    assert averaged.probabilities is not None
    np.testing.assert_allclose(averaged.probabilities, [[0.3, 2.1 / 3, 0], [0.2 / 3, 0.5, 1.3 / 3]])
    assert averaged.values.tolist() == [1, 1]
    heavy = average(
        "discrete", codes, probabilities=[likely, None, None], weights=[8, 1, 1], classes=3
    )
    assert heavy.values.tolist() == [0, 1]


def test_one_model_keeps_its_own_predictions() -> None:
    """Of equal votes the model itself may have taken another class than the lowest code."""
    tied = np.array([[0.5, 0.5]])
    averaged = average("discrete", [np.array([1])], probabilities=[tied], classes=2)
    assert averaged.values.tolist() == [1]


def test_scores_as_probabilities() -> None:
    scores = np.array([[1.0, 3.0, 1.0], [0.0, 2.0, 2.0]])
    for kind in ("logistic", "lda", "naive_bayes", "mlp", "gru"):
        averaged = class_probabilities(kind, scores)
        assert averaged is not None
        np.testing.assert_allclose(averaged, softmax(scores, axis=1))
    votes = class_probabilities("knn", np.array([[-100.0, 3.0, 1.0]]))
    assert votes is not None
    assert votes.tolist() == [[0, 0.75, 0.25]]
    assert class_probabilities("svm", scores) is None
    assert class_probabilities("ridge", scores) is None
    assert {"logistic", "knn", "svm", "ridge"} <= set(READOUTS.names)
