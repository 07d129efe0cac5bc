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


CODES = [np.array([0, 1, 2]), np.array([1, 1, 0]), np.array([1, 2, 1])]


def test_probabilities_are_averaged() -> None:
    """Three times a little more than half is less than once almost certain."""
    likely = [np.array([[0.4, 0.6]]), np.array([[0.4, 0.6]]), np.array([[0.95, 0.05]])]
    codes = [each.argmax(axis=1) for each in likely]
    averaged = average("discrete", codes, probabilities=likely, classes=2)
    assert averaged.probabilities is not None
    np.testing.assert_allclose(averaged.probabilities, [[1.75 / 3, 1.25 / 3]])
    assert averaged.values.tolist() == [0]


def test_all_vote_where_one_has_no_probabilities() -> None:
    sure = np.array([[0.99, 0.01, 0.0], [0.2, 0.5, 0.3], [0.0, 0.0, 1.0]])
    averaged = average("discrete", CODES, probabilities=[sure, None, sure], classes=3)
    assert averaged.probabilities is not None
    thirds = [[1, 2, 0], [0, 2, 1], [1, 1, 1]]
    np.testing.assert_allclose(averaged.probabilities, np.array(thirds) / 3)
    assert averaged.values.tolist() == [1, 1, 2]  # of equal votes, that of the first
    heavy = average("discrete", CODES, weights=[8, 1, 1], classes=3)
    assert heavy.values.tolist() == [0, 1, 2]


def test_of_equal_votes_the_first_model_has_its_way() -> None:
    """Not the lowest code, which would favour a class."""
    two = average("discrete", [np.array([2, 0]), np.array([1, 1])], classes=3)
    assert two.values.tolist() == [2, 0]
    codes = [np.array([0]), np.array([2]), np.array([1]), np.array([2]), np.array([1])]
    assert average("discrete", codes, classes=3).values.tolist() == [2]


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
