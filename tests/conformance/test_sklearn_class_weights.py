"""Weights of classes mean what scikit-learn's `class_weight="balanced"` and equal priors mean, for
every readout of classes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.utils.class_weight import compute_class_weight

from raylab.config.readouts import READOUTS, ReadoutConfig
from raylab.data.session import Label
from raylab.evaluation.class_weights import balanced_weights
from raylab.evaluation.ensembles.probabilities import class_probabilities
from raylab.evaluation.readouts import fit_readout, supports

NAMES = tuple(f"state {code}" for code in range(6))


def case(classes: int, width: int = 9) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features to fit and to ask, and the codes 1, 2, ... of classes that are rarer and rarer."""
    random = np.random.default_rng(classes)
    codes = np.repeat(1 + np.arange(classes), [150, 20, 12, 8][:classes])
    codes = np.concatenate([random.permutation(codes), 1 + np.arange(60) % classes])
    means = np.random.default_rng(9).normal(size=(6, width))
    x = (0.6 * means[codes] + random.normal(size=(len(codes), width))).astype(np.float32)
    return x[:-60], x[-60:], codes[:-60]


def equal(classes: int) -> list[float]:
    return [1 / classes] * classes


# kind -> settings, and the estimator for so many classes.
ESTIMATORS: dict[str, tuple[dict[str, Any], Any]] = {
    "ridge": ({"alpha": 3.0}, lambda _: RidgeClassifier(3.0, class_weight="balanced")),
    "logistic": (
        {"c": 0.1},
        lambda _: LogisticRegression(C=0.1, max_iter=1000, class_weight="balanced"),
    ),
    "svm": (
        {"c": 0.05},
        lambda _: LinearSVC(C=0.05, tol=1e-8, max_iter=100_000, class_weight="balanced"),
    ),
    "lda": (
        {"shrinkage": "auto"},
        lambda count: LinearDiscriminantAnalysis("lsqr", shrinkage="auto", priors=equal(count)),
    ),
    "naive_bayes": (
        {"smoothing": 1e-6},
        lambda count: GaussianNB(priors=equal(count), var_smoothing=1e-6),
    ),
    "gradient_boosting": (
        {"learning_rate": 0.2, "leaves": 5, "rounds": 8},
        lambda _: HistGradientBoostingClassifier(
            learning_rate=0.2,
            max_leaf_nodes=5,
            max_iter=8,
            early_stopping=False,
            random_state=0,
            class_weight="balanced",
        ),
    ),
    "extra_trees": (
        {"trees": 12, "features": 0.5, "leaf": 3},
        lambda _: ExtraTreesClassifier(
            12, max_features=0.5, min_samples_leaf=3, random_state=0, class_weight="balanced"
        ),
    ),
}
STANDARDISED = ("ridge", "logistic", "svm", "lda")
TOLERANCE = {"svm": 1e-4, "logistic": 1e-6}  # solvers that iterate


def config_of(kind: str, class_weight: str, **settings: Any) -> ReadoutConfig:
    model = READOUTS.model(kind)
    assert model is not None
    return model.model_validate({"kind": kind, "class_weight": class_weight, **settings})


def label_of(codes: np.ndarray) -> Label:
    return Label(kind="discrete", values=codes, classes=NAMES)


def test_every_readout_of_classes_has_weights() -> None:
    able = {kind for kind in READOUTS.names if supports(kind, "discrete")}
    assert able == {*ESTIMATORS, "knn"}
    for kind in able:
        assert "class_weight" in READOUTS.model(kind).model_fields  # type: ignore[union-attr]


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("kind", ESTIMATORS)
def test_balanced_readouts(kind: str, classes: int) -> None:
    settings, estimator = ESTIMATORS[kind]
    fitted, asked, codes = case(classes)
    readout = fit_readout(config_of(kind, "balanced", **settings), fitted, label_of(codes))
    predicted = readout.predict(asked)
    model = estimator(classes)
    if kind in STANDARDISED:
        model = make_pipeline(StandardScaler(), model)
    precise = np.float32 if kind == "extra_trees" else np.float64
    model.fit(fitted.astype(precise), codes)
    np.testing.assert_array_equal(predicted.values, model.predict(asked.astype(precise)))
    plain = fit_readout(config_of(kind, "none", **settings), fitted, label_of(codes))
    assert (plain.predict(asked).values != predicted.values).any()

    assert predicted.scores is not None
    scores = predicted.scores[:, 1 : classes + 1]
    likely = class_probabilities(kind, predicted.scores)
    if hasattr(model, "predict_proba"):
        assert likely is not None
        np.testing.assert_allclose(likely.sum(axis=1), 1)
        expected = model.predict_proba(asked.astype(precise))
        np.testing.assert_allclose(likely[:, 1 : classes + 1], expected, atol=1e-5)
    else:
        assert likely is None
        expected = model.decision_function(asked.astype(np.float64))
        if classes == 2:
            expected = np.stack([-expected, expected], axis=1)
        tolerance = TOLERANCE.get(kind, 1e-6) * np.abs(expected).max()
        np.testing.assert_allclose(scores, expected, atol=tolerance)


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("components", ["none", 4])
def test_balanced_neighbours(classes: int, components: str | int) -> None:
    """scikit-learn has no weights here: its shares of neighbours are weighed by hand."""
    fitted, asked, codes = case(classes)
    settings = {"neighbours": 15, "metric": "euclidean"}
    plain = config_of("knn", "none", components=components, **settings)
    unweighted = fit_readout(plain, fitted, label_of(codes)).predict(asked).scores
    assert unweighted is not None
    weights = compute_class_weight("balanced", classes=np.unique(codes), y=codes)
    shares = unweighted[:, 1 : classes + 1] * weights
    if components == "none":
        oracle = KNeighborsClassifier(15).fit(fitted.astype(np.float64), codes)
        shares = oracle.predict_proba(asked.astype(np.float64)) * weights
    shares /= shares.sum(axis=1, keepdims=True)
    balanced = config_of("knn", "balanced", components=components, **settings)
    predicted = fit_readout(balanced, fitted, label_of(codes)).predict(asked)
    np.testing.assert_array_equal(predicted.values, 1 + shares.argmax(axis=1))
    assert predicted.scores is not None
    likely = class_probabilities("knn", predicted.scores)
    assert likely is not None
    np.testing.assert_allclose(likely[:, 1 : classes + 1], shares, atol=1e-12)
    np.testing.assert_allclose(likely.sum(axis=1), 1)


def test_ridge_of_more_features_than_examples() -> None:
    fitted, asked, codes = case(2, width=300)
    config = config_of("ridge", "balanced", alpha=3.0)
    model = make_pipeline(StandardScaler(), RidgeClassifier(3.0, class_weight="balanced"))
    model.fit(fitted.astype(np.float64), codes)
    scores = fit_readout(config, fitted, label_of(codes)).predict(asked).scores
    assert scores is not None
    expected = model.decision_function(asked.astype(np.float64))
    np.testing.assert_allclose(scores[:, 2], expected, rtol=1e-6, atol=1e-6)


def test_weights_of_classes() -> None:
    codes = np.array([1, 1, 1, 4, 1, 4])
    weights = compute_class_weight("balanced", classes=np.array([1, 4]), y=codes)
    assert balanced_weights(codes, 6).tolist() == [0, weights[0], 0, 0, weights[1], 0]
