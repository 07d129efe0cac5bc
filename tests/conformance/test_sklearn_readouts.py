"""Readouts against the scikit-learn estimators that they stand for, on clean data and on awkward
data.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier
from sklearn.multioutput import MultiOutputRegressor
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC, LinearSVR

from raylab.config.readouts import (
    KnnConfig,
    LdaConfig,
    LogisticConfig,
    NaiveBayesConfig,
    ReadoutConfig,
    RidgeConfig,
    SvmConfig,
)
from raylab.data.session import Label
from raylab.evaluation.formulas import on_circle
from raylab.evaluation.readout_method import Predicted
from raylab.evaluation.readouts import choose_readout, fit_readout

NAMES = tuple(f"scene {code}" for code in range(8))


@dataclass(frozen=True)
class Case:
    """Examples to fit, features to predict from, and what the examples are: codes, values and
    angles.
    """

    features: np.ndarray
    asked: np.ndarray
    codes: np.ndarray
    values: np.ndarray
    angles: np.ndarray


def make_case(
    examples: int, features: int, *, offset: float = 0.0, constant: int = 0, classes: int = 6
) -> Case:
    """Of the 8 named classes, those from 1 to `classes` occur."""
    random = np.random.default_rng(examples + features)
    codes = 1 + np.arange(examples + 40) % classes
    x = random.normal(size=(len(codes), features)) + 0.6 * random.normal(size=(9, features))[codes]
    x = (x * random.uniform(0.1, 10, features) + offset).astype(np.float32)
    x[:examples, :constant] = 3.0
    values = x[:, -2:].astype(np.float64) * 2 + random.normal(size=(len(codes), 2)) + 50
    angles = np.angle(np.exp(1j * (codes[:, None] + 0.2 * random.normal(size=(len(codes), 1)))))
    return Case(x[:examples], x[examples:], codes[:examples], values[:examples], angles[:examples])


CASES = {
    "plain": make_case(240, 12),
    "far from zero": make_case(240, 12, offset=1000.0),
    "more features than examples": make_case(60, 150),
    "constant features": make_case(120, 20, constant=3),
    "two classes": make_case(90, 10, classes=2),
    "two examples a class": make_case(12, 30),
}
each_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def standardised(model: BaseEstimator) -> Any:
    return make_pipeline(StandardScaler(), model)


CLASSIFIERS: dict[str, tuple[ReadoutConfig, Any, float]] = {
    "naive_bayes": (
        NaiveBayesConfig(kind="naive_bayes", smoothing=1e-6),
        GaussianNB(var_smoothing=1e-6),
        1e-6,
    ),
    "ridge": (RidgeConfig(kind="ridge", alpha=3.0), standardised(RidgeClassifier(3.0)), 1e-6),
    "lda auto": (
        LdaConfig(kind="lda"),
        standardised(LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")),
        1e-6,
    ),
    "lda share": (
        LdaConfig(kind="lda", shrinkage=0.3),
        standardised(LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.3)),
        1e-6,
    ),
    "logistic": (
        LogisticConfig(kind="logistic", c=0.1),
        standardised(LogisticRegression(C=0.1, max_iter=1000)),
        1e-6,
    ),
    # liblinear itself is only as close to the minimum as its tolerance.
    "svm": (
        SvmConfig(kind="svm", c=0.05),
        standardised(LinearSVC(C=0.05, tol=1e-8, max_iter=100_000, random_state=0)),
        1e-4,
    ),
}


@each_case
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classes(case: Case, name: str) -> None:
    config, model, tolerance = CLASSIFIERS[name]
    model = model.fit(case.features.astype(np.float64), case.codes)
    readout = fit_readout(
        config, case.features, Label(kind="discrete", values=case.codes, classes=NAMES)
    )
    found, asked = readout.predict(case.asked), case.asked.astype(np.float64)
    assert readout.converged
    np.testing.assert_array_equal(found.values, model.predict(asked))

    assert found.scores is not None
    seen = np.unique(case.codes)
    assert found.scores.shape == (40, 8)
    lowest = found.scores[:, seen].min(1, keepdims=True)
    assert (np.delete(found.scores, seen, axis=1) < lowest).all()
    assert np.isfinite(found.scores).all()
    expected = (
        model.predict_joint_log_proba(asked)
        if name == "naive_bayes"
        else model.decision_function(asked)
    )
    if expected.ndim == 1:
        expected = np.stack([-expected, expected], axis=1) / (
            2 if name[:3] in ("log", "lda") else 1
        )
    shift = expected.max(axis=1, keepdims=True) if name == "naive_bayes" else 0.0
    np.testing.assert_allclose(
        found.scores[:, seen],
        expected - shift,
        rtol=tolerance,
        atol=tolerance * np.abs(expected).max(),
    )


@pytest.mark.parametrize("name", ["naive_bayes", "lda auto", "logistic"])
@pytest.mark.parametrize(
    "case", [CASES["plain"], CASES["two classes"]], ids=["plain", "two classes"]
)
def test_softmax_of_scores_is_the_probability(case: Case, name: str) -> None:
    config, model, _ = CLASSIFIERS[name]
    expected = model.fit(case.features.astype(np.float64), case.codes).predict_proba(
        case.asked.astype(np.float64)
    )
    found = fit_readout(
        config, case.features, Label(kind="discrete", values=case.codes, classes=NAMES)
    )
    scores = found.predict(case.asked).scores
    assert scores is not None
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares = (shares / shares.sum(axis=1, keepdims=True))[:, np.unique(case.codes)]
    np.testing.assert_allclose(shares, expected, atol=1e-3)


@each_case
@pytest.mark.parametrize("alpha", [1e-2, 1.0, 1e4])
def test_ridge(case: Case, alpha: float) -> None:
    asked = case.asked.astype(np.float64)
    for label, targets in (
        (Label.continuous(case.values), case.values),
        (Label.continuous(case.angles, kind="circular"), on_circle(case.angles)),
    ):
        model = standardised(Ridge(alpha)).fit(case.features.astype(np.float64), targets)
        expected = model.predict(asked)
        if label.kind == "circular":
            expected = np.arctan2(expected[:, 1:], expected[:, :1])
        found = fit_readout(RidgeConfig(kind="ridge", alpha=alpha), case.features, label).predict(
            case.asked
        )
        assert found.scores is None
        np.testing.assert_allclose(found.values, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", ["plain", "constant features"])
def test_linear_support_regression(name: str) -> None:
    case = CASES[name]
    one = TransformedTargetRegressor(
        LinearSVR(C=0.05, random_state=0, dual="auto"), transformer=StandardScaler()
    )
    model = standardised(MultiOutputRegressor(one)).fit(
        case.features.astype(np.float64), case.values
    )
    readout = fit_readout(
        SvmConfig(kind="svm", c=0.05), case.features, Label.continuous(case.values)
    )
    np.testing.assert_allclose(
        readout.predict(case.asked).values, model.predict(case.asked.astype(np.float64))
    )


@each_case
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("k", [1, 5, 12])
def test_nearest_neighbours(case: Case, metric: str, k: int) -> None:
    config = KnnConfig(neighbours=k, metric=metric)
    fitted, asked = case.features.astype(np.float64), case.asked.astype(np.float64)
    found = fit_readout(
        config, case.features, Label(kind="discrete", values=case.codes, classes=NAMES)
    )
    oracle = KNeighborsClassifier(k, metric=metric).fit(fitted, case.codes)
    told = found.predict(case.asked)
    np.testing.assert_array_equal(told.values, oracle.predict(asked))
    assert told.scores is not None
    np.testing.assert_allclose(told.scores[:, oracle.classes_] / k, oracle.predict_proba(asked))

    values = (
        fit_readout(config, case.features, Label.continuous(case.values)).predict(case.asked).values
    )
    expected = KNeighborsRegressor(k, metric=metric).fit(fitted, case.values).predict(asked)
    np.testing.assert_allclose(values, expected, rtol=1e-9)


@each_case
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_nearest_neighbours_of_principal_components(case: Case, metric: str) -> None:
    fitted, asked = case.features.astype(np.float64), case.asked.astype(np.float64)
    count = min(5, *fitted.shape)
    label = Label(kind="discrete", values=case.codes, classes=NAMES)
    config = KnnConfig(neighbours=5, metric=metric, components=count)
    predicted = fit_readout(config, case.features, label).predict(case.asked).values
    oracle = make_pipeline(PCA(count), KNeighborsClassifier(5, metric=metric))
    oracle.fit(fitted, case.codes)
    np.testing.assert_array_equal(predicted, oracle.predict(asked))


def test_the_number_of_components_is_chosen_on_validation() -> None:
    case = CASES["plain"]
    label = Label(kind="discrete", values=case.codes, classes=NAMES)
    config = KnnConfig(neighbours=(3, 9), metric="cosine", components=(2, "none", 8, 12, 100))
    reached = {}

    def score(truth: Label, predicted: Predicted) -> float:
        reached[len(reached)] = float((predicted.values == truth.values).mean())
        return reached[len(reached) - 1]

    held = (case.features[120:], replace(label, values=case.codes[120:]))
    fit = (case.features[:120], replace(label, values=case.codes[:120]))
    chosen, readout = choose_readout(config, fit, held, score)
    alone = [
        fit_readout(one, *fit).predict(held[0]).values
        for one in config.candidates()
        if one.components != (100,)  # as many as there are features: the same as 12
    ]
    assert list(reached.values()) == [float((one == held[1].values).mean()) for one in alone]
    assert chosen == config.candidates()[int(np.argmax(list(reached.values())))]
    assert readout.arrays["axes"].shape[0] == 12
