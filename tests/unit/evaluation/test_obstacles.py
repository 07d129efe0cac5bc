"""Why a label has no score: one set of rules, for every decoder and baseline."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from helpers import recording, session

from raylab.config.parse import parse
from raylab.config.readouts import READOUTS
from raylab.config.training import EvaluationConfig
from raylab.config.view import ViewConfig
from raylab.data.session import Label
from raylab.data.views.view import make_timeline
from raylab.evaluation.comparison import linear_r2
from raylab.evaluation.decoding import chance, decode, mean_scores
from raylab.evaluation.obstacles import constant_columns, obstacle, unseen_classes
from raylab.evaluation.readouts import choose_readout, fit_readout, supports
from raylab.evaluation.scores import chance_scores

PARTS = np.array([[0, 240, 0], [240, 320, 1], [320, 400, 2]])
VARIED = Label.continuous(np.arange(5.0))


@pytest.mark.parametrize(
    ("fitted", "scored", "reason"),
    [
        (VARIED, VARIED, ""),
        (VARIED, Label.continuous(np.full(4, 0.3), unit="m"), "it is 0.3 m in all 4 validation"),
        (Label.continuous(np.full(4, 0.3)), VARIED, "it is 0.3 in all 4 training samples"),
        (Label.continuous(np.full(4, np.nan)), VARIED, "no training sample has it"),
        (VARIED, Label.continuous(np.array([1.0, np.nan])), "1 validation samples have it"),
        (Label.discrete(np.array(["a", "b"])), Label.discrete(np.array(["a", "a"])), "it is 'a'"),
    ],
)
def test_reasons(fitted: Label, scored: Label, reason: str) -> None:
    assert obstacle(fitted, scored).startswith(reason)
    assert bool(obstacle(fitted, scored)) == bool(reason)


def test_classes_and_columns_that_are_named() -> None:
    names = ("a", "b", "c", "d")
    fitted = Label(kind="discrete", values=np.array([0, 1, -1]), classes=names)
    scored = Label(kind="discrete", values=np.array([0, 2, 3, -1]), classes=names)
    assert unseen_classes(fitted, scored) == ["c", "d"]
    assert obstacle(fitted, scored) == ""
    columns = np.column_stack([np.arange(4.0), np.full(4, 0.3)])
    assert constant_columns(Label.continuous(columns)) == [1]
    assert constant_columns(Label.continuous(columns[:, 1:])) == []  # then nothing is left to score


@pytest.mark.parametrize("kind", ["knn", "ridge", "svm"])
@pytest.mark.parametrize("value", [0.3, 1e9 + 0.1])
@pytest.mark.parametrize("constant", [slice(0, 240), slice(240, 320)])
def test_no_decoder_scores_a_constant(kind: str, value: float, constant: slice) -> None:
    values = np.linspace(0, 1, 400)
    values[constant] = value
    one = recording(session(labels={"y": Label.continuous(values)}), PARTS)
    timeline = make_timeline(one, ViewConfig())
    evaluation = parse(EvaluationConfig, {"decoder": {"kind": kind}}, "test")
    how: dict[str, Any] = {"label": "y", "fit": ("train",), "score": "valid"}
    assert decode(one.neural, timeline, evaluation, **how) is None
    assert chance(timeline, evaluation, **how) is None


def test_means_are_over_the_sessions_that_have_a_score() -> None:
    assert mean_scores([{"a": 1.0}, None, {"a": 3.0, "b": 5.0}]) == {"a": 2.0, "b": 5.0}


@pytest.mark.parametrize("kind", [kind for kind in READOUTS.names if supports(kind, "discrete")])
def test_a_class_that_was_not_fitted_is_never_predicted_and_finite(kind: str) -> None:
    random = np.random.default_rng(0)
    features, codes = random.normal(size=(60, 3)), np.arange(60) % 2
    codes[0] = 3  # a class of one sample
    label = Label(kind="discrete", values=codes, classes=("a", "b", "c", "d"))
    settings = READOUTS.model(kind)(kind=kind)  # type: ignore[misc, call-arg]
    chosen, _ = choose_readout(settings, (features, label), (features, label), lambda *_: 0.0)
    predicted = fit_readout(chosen, features, label).predict(random.normal(size=(40, 3)))
    assert predicted.scores is not None
    assert np.isfinite(predicted.scores).all()
    assert predicted.scores.shape == (40, 4)
    assert 2 not in predicted.values
    assert (predicted.scores[:, 2] < np.delete(predicted.scores, 2, axis=1).min(axis=1)).all()


def test_chance_knows_that_an_unseen_class_is_never_right() -> None:
    fitted, truth = np.array([0, 0, 1]), np.array([0, 1, 2])
    scores = chance_scores("discrete", fitted, truth)
    assert scores["balanced_accuracy"] == pytest.approx(1 / 3)
    assert chance_scores("discrete", fitted, truth[:2])["balanced_accuracy"] == 0.5


@pytest.mark.parametrize("offset", [0.0, 1.7e9])
def test_linear_maps_of_float32_embeddings_keep_the_digits_of_a_label(offset: float) -> None:
    random = np.random.default_rng(0)
    embedding = random.normal(size=(200, 3)).astype(np.float32)
    values = embedding @ np.array([[1.0, 0.3], [2.0, 0.0], [0.5, 1.0]]) + offset
    values[100:, 1] = offset + 0.3  # a column that is constant among the scored samples
    label, truth = Label.continuous(values[:100]), Label.continuous(values[100:])
    assert linear_r2(embedding[:100], label, embedding[100:], truth) == pytest.approx(1, abs=1e-6)
