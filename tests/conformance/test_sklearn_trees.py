"""Trees that are kept as arrays predict what scikit-learn's trees predict."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)

from raylab.config.readouts import ExtraTreesConfig, GradientBoostingConfig
from raylab.data.session import Label
from raylab.evaluation.ensembles.probabilities import class_probabilities
from raylab.evaluation.formulas import on_circle
from raylab.evaluation.readout_method import Examples, Readout
from raylab.evaluation.readout_methods.boosting import GradientBoosting
from raylab.evaluation.readouts import fit_readout

BOOSTING = GradientBoostingConfig(kind="gradient_boosting", learning_rate=0.2, leaves=7, rounds=12)
BOOSTED: dict[str, Any] = {
    "learning_rate": 0.2,
    "max_leaf_nodes": 7,
    "max_iter": 12,
    "early_stopping": False,
    "random_state": 0,
}
EXTRA = ExtraTreesConfig(kind="extra_trees", trees=9, features=0.5, leaf=3)
FOREST: dict[str, Any] = {
    "n_estimators": 9,
    "max_features": 0.5,
    "min_samples_leaf": 3,
    "random_state": 0,
}


def case(classes: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Features to fit and to ask, many of them equal, as counts are, and codes and values."""
    random = np.random.default_rng(0)
    x = random.poisson(2, size=(500, 9)).astype(np.float32)
    x[:, 3:] += random.normal(size=(500, 6)).astype(np.float32)
    codes = np.digitize(x[:, 0] * x[:, 4], np.linspace(0, 6, classes)[1:-1] if classes > 2 else [4])
    values = np.stack([x[:, 1] * x[:, 5] + 100, 1e-3 * x[:, 2]], axis=1).astype(np.float64)
    return x[:300], x[300:], codes[:300], values[:300]


@pytest.mark.parametrize("classes", [2, 4])
def test_boosting_of_classes(classes: int) -> None:
    fitted, asked, codes, _ = case(classes)
    label = Label(kind="discrete", values=2 * codes, classes=tuple("abcdefghi"))
    prediction = fit_readout(BOOSTING, fitted, label).predict(asked)
    model = HistGradientBoostingClassifier(**BOOSTED).fit(fitted, 2 * codes)
    np.testing.assert_array_equal(prediction.values, model.predict(asked))
    assert prediction.scores is not None
    scores, expected = prediction.scores[:, model.classes_], model.decision_function(asked)
    if classes == 2:
        expected = np.stack([-expected, expected], axis=1) / 2
    np.testing.assert_array_equal(scores, expected)
    shares = class_probabilities("gradient_boosting", prediction.scores)
    assert shares is not None
    np.testing.assert_allclose(shares[:, model.classes_], model.predict_proba(asked), atol=1e-12)


def test_boosting_of_values_and_angles() -> None:
    fitted, asked, _, values = case()
    angles = np.arctan2(values[:, :1] - 100, 1e3 * values[:, 1:])
    for label, targets in (
        (Label.continuous(values), values),
        (Label.continuous(angles, kind="circular"), on_circle(angles)),
    ):
        prediction = fit_readout(BOOSTING, fitted, label).predict(asked).values
        centre, spread = targets.mean(0), targets.std(0)
        standard = (targets - centre) / spread
        predicted = [
            HistGradientBoostingRegressor(**BOOSTED).fit(fitted, target).predict(asked)
            for target in standard.T
        ]
        expected = np.stack(predicted, axis=1) * spread + centre
        if label.kind == "circular":
            expected = np.arctan2(expected[:, 1:], expected[:, :1])
        np.testing.assert_array_equal(prediction, expected)


def test_fewer_rounds_are_the_first_of_more() -> None:
    fitted, asked, codes, values = case()
    for label in (
        Label.continuous(values),
        Label(kind="discrete", values=codes, classes=tuple("abcd")),
    ):
        several = BOOSTING.model_copy(update={"rounds": (3, 12)})
        shared = {"seen": np.unique(codes), "classes": np.array([4])}
        for settings, arrays in GradientBoosting().fit_each(several, Examples(fitted, label)):
            alone = fit_readout(settings, fitted, label)
            readout = Readout("gradient_boosting", label.kind, {**arrays, **shared})
            np.testing.assert_array_equal(
                readout.predict(asked).values, alone.predict(asked).values
            )


@pytest.mark.parametrize("classes", [2, 4])
def test_extra_trees_of_classes(classes: int) -> None:
    fitted, asked, codes, _ = case(classes)
    label = Label(kind="discrete", values=2 * codes, classes=tuple("abcdefghi"))
    prediction = fit_readout(EXTRA, fitted, label).predict(asked)
    model = ExtraTreesClassifier(**FOREST).fit(fitted, 2 * codes)
    np.testing.assert_array_equal(prediction.values, model.predict(asked))
    assert prediction.scores is not None
    shares = class_probabilities("extra_trees", prediction.scores)
    assert shares is not None
    np.testing.assert_allclose(shares[:, model.classes_], model.predict_proba(asked), atol=1e-11)


@pytest.mark.parametrize("dims", [1, 2])
def test_extra_trees_of_values(dims: int) -> None:
    fitted, asked, _, values = case()
    values = values[:, :dims]
    prediction = fit_readout(EXTRA, fitted, Label.continuous(values)).predict(asked).values
    centre, spread = values.mean(0), values.std(0)
    standard = (values - centre) / spread
    model = ExtraTreesRegressor(**FOREST).fit(fitted, standard[:, 0] if dims == 1 else standard)
    expected = model.predict(asked).reshape(-1, dims) * spread + centre
    np.testing.assert_allclose(prediction, expected, rtol=1e-12)


def test_each_tree_is_fitted_on_a_bounded_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("raylab.evaluation.readout_methods.extra_trees.DRAWN", 100)
    fitted, asked, codes, _ = case()
    label = Label(kind="discrete", values=codes, classes=tuple("abcd"))
    readout = fit_readout(EXTRA, fitted, label)
    model = ExtraTreesClassifier(**FOREST, bootstrap=True, max_samples=100).fit(fitted, codes)
    np.testing.assert_array_equal(readout.predict(asked).values, model.predict(asked))
    assert len(readout.arrays["feature"]) < 9 * 2 * 100 / 3  # nodes
