"""How readouts are fitted: what scikit-learn's estimators would know, as arrays, for every value of
a setting.

Where scikit-learn is slow the same is computed at once instead: ridge for all penalties from one
eigendecomposition, naive Bayes as two matrix products, all classes of a linear SVM together. Tests
hold all of them to scikit-learn, which is imported on use: it costs every trial's process more than
half a second, and few trials need it.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.linalg import eigh
from scipy.optimize import minimize

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
from raylab.errors import TrainingError
from raylab.evaluation.scores import on_circle

if TYPE_CHECKING:
    from sklearn.preprocessing import StandardScaler

METRICS = ("euclidean", "cosine")  # kept as their positions: arrays hold no text
ITERATIONS = 1000  # of logistic and svm, as scikit-learn's linear SVM has them
TOLERANCE = 1e-6  # of the SVM's gradient, as a share of the gradient at the start
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Examples:
    """What readouts are fitted on: (n, F) finite features and their label, all labelled."""

    features: np.ndarray
    label: Label

    @cached_property
    def codes(self) -> tuple[np.ndarray, np.ndarray]:
        """The codes that occur (S,), and the position of each example's code among them (n,)."""
        seen, positions = np.unique(self.label.values, return_inverse=True)
        return seen, positions

    @cached_property
    def scaler(self) -> StandardScaler:
        from sklearn.preprocessing import StandardScaler

        return StandardScaler().fit(self.features.astype(np.float64))

    @cached_property
    def standard(self) -> np.ndarray:
        """(n, F) float64 features of mean 0 and variance 1; constant ones are 0."""
        return np.asarray(self.scaler.transform(self.features.astype(np.float64)))

    @property
    def targets(self) -> np.ndarray:
        """(n, K) float64 to regress on: 1 for an example's class and -1 for others, points on the
        circle, or values.
        """
        if self.label.kind == "discrete":
            seen, positions = self.codes
            return 2.0 * (positions[:, None] == np.arange(len(seen))) - 1
        return on_circle(self.label.values) if self.label.kind == "circular" else self.label.values

    def folded(self, coefficients: np.ndarray, intercept: np.ndarray) -> Arrays:
        """Of standardised features (K, F) and (K,) -> of features as they are."""
        weights = coefficients.T / self.scaler.scale_[:, None]
        return {"weights": weights, "bias": intercept - self.scaler.mean_ @ weights}


def fits(config: ReadoutConfig, examples: Examples) -> Iterator[tuple[ReadoutConfig, Arrays]]:
    """The arrays for every combination of the settings, in the order of `config.candidates()`."""
    match config:
        case KnnConfig():
            return ((one, _knn(one, examples)) for one in config.candidates())
        case NaiveBayesConfig():
            return _naive_bayes(config, examples)
        case RidgeConfig():
            return _ridge(config, examples)
        case SvmConfig():
            fit = _support_vectors if examples.label.kind == "discrete" else _support_regression
            return ((one, fit(one, examples)) for one in config.candidates())
        case _:
            return ((one, _linear_classifier(one, examples)) for one in config.candidates())


def _knn(config: KnnConfig, examples: Examples) -> Arrays:
    return {
        "features": examples.features,
        "labels": examples.label.values,
        "neighbours": np.array([min(config.neighbours[0], len(examples.features))]),
        "metric": np.array([METRICS.index(config.metric[0])]),
    }


def _naive_bayes(
    config: NaiveBayesConfig, examples: Examples
) -> Iterator[tuple[ReadoutConfig, Arrays]]:
    """log p(class) + log N(x; mean, variance), summed over features, as x² squares + x weights +
    bias.

    x counts from the mean of all fitted examples: far from zero the three terms would cancel to
    nothing.
    """
    from sklearn.naive_bayes import GaussianNB

    features, (_, positions) = examples.features.astype(np.float64), examples.codes
    largest = features.var(axis=0).max()
    if not largest > 0:
        raise TrainingError(
            "model.kind naive_bayes: no feature varies over the fitted examples",
            "Use other features.",
        )
    centre = features.mean(axis=0)
    model = GaussianNB(var_smoothing=0).fit(features - centre, positions)
    for one in config.candidates():
        variance = model.var_ + one.smoothing[0] * largest
        constant = -0.5 * (np.log(2 * np.pi * variance) + model.theta_**2 / variance).sum(axis=1)
        yield (
            one,
            {
                "centre": centre,
                "squares": -0.5 / variance.T,
                "weights": (model.theta_ / variance).T,
                "bias": np.log(model.class_prior_) + constant,
            },
        )


def _ridge(config: RidgeConfig, examples: Examples) -> Iterator[tuple[ReadoutConfig, Arrays]]:
    """(X'X + alpha)^-1 X'Y by the eigenvectors of X'X or X X', whichever is smaller: an alpha is
    then two products.
    """
    x, middle = examples.standard, examples.targets.mean(axis=0)
    y = examples.targets - middle
    wide = x.shape[1] > x.shape[0]
    values, vectors = eigh(
        x @ x.T if wide else x.T @ x, driver="evd", overwrite_a=True, check_finite=False
    )
    values = values.clip(min=0)
    left, right = (x.T @ vectors, vectors.T @ y) if wide else (vectors, vectors.T @ (x.T @ y))
    for one in config.candidates():
        coefficients = left @ (right / (values + one.alpha[0])[:, None])
        yield one, examples.folded(coefficients.T, middle)


def _linear_classifier(config: ReadoutConfig, examples: Examples) -> Arrays:
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.linear_model import LogisticRegression

    _, positions = examples.codes
    model: Any
    match config:
        case LogisticConfig():
            model = LogisticRegression(C=config.c[0], max_iter=ITERATIONS)
        case LdaConfig():
            shrinkage = None if config.shrinkage[0] == "none" else config.shrinkage[0]
            model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage)
        case _:
            raise AssertionError(config.kind)
    converged = _fit(model, examples.standard, positions)
    coefficients, intercept = model.coef_, model.intercept_
    if (
        len(coefficients) == 1
    ):  # of two classes: half for the one, half against the other, so that softmax holds
        coefficients = np.concatenate([-coefficients, coefficients]) / 2
        intercept = np.concatenate([-intercept, intercept]) / 2
    return {**examples.folded(coefficients, intercept), "converged": np.array([converged])}


def _support_vectors(config: SvmConfig, examples: Examples) -> Arrays:
    """|w|² / 2 + c sum max(0, 1 - y (w x + b))², with b part of w, for each class against the rest:
    the problem of liblinear and LinearSVC (Fan et al. 2008), here of all classes at once by L-BFGS.
    """
    x, y = np.column_stack([examples.standard, np.ones(len(examples.standard))]), examples.targets

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights = flat.reshape(x.shape[1], -1)
        short = (1 - y * (x @ weights)).clip(min=0)
        gradient = weights - 2 * config.c[0] * (x.T @ (y * short))
        return 0.5 * float(flat @ flat) + config.c[0] * float(
            np.square(short).sum()
        ), gradient.ravel()

    start = np.zeros(x.shape[1] * y.shape[1])
    steepest = float(np.abs(loss(start)[1]).max())
    found = minimize(
        loss,
        start,
        jac=True,
        method="L-BFGS-B",
        options={
            "maxiter": ITERATIONS,
            "maxfun": 2 * ITERATIONS,
            "gtol": TOLERANCE * steepest,
            "ftol": 0.0,
        },
    )
    weights = found.x.reshape(x.shape[1], -1)
    return {**examples.folded(weights[:-1].T, weights[-1]), "converged": np.array([found.success])}


def _support_regression(config: SvmConfig, examples: Examples) -> Arrays:
    """One regression a dimension, on standardised targets: the penalty, which is also on the
    intercept, would otherwise mean another thing in metres than in centimetres.
    """
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import LinearSVR

    scaler = StandardScaler().fit(examples.targets)
    targets = scaler.transform(examples.targets)
    models = [
        LinearSVR(C=config.c[0], max_iter=ITERATIONS, dual="auto", random_state=0)
        for _ in targets.T
    ]
    converged = [_fit(model, examples.standard, target) for model, target in zip(models, targets.T)]
    coefficients = np.stack([model.coef_ for model in models]) * scaler.scale_[:, None]
    intercept = (
        np.concatenate([np.atleast_1d(model.intercept_) for model in models]) * scaler.scale_
        + scaler.mean_
    )
    return {**examples.folded(coefficients, intercept), "converged": np.array([all(converged)])}


def _fit(model: Any, features: np.ndarray, targets: np.ndarray) -> bool:
    """Fit; whether a solver that iterates stopped by itself."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # told as `converged`
        warnings.filterwarnings(
            "ignore", "Only one sample available"
        )  # a class of one example has no covariance
        model.fit(features, targets)
    return bool(np.max(getattr(model, "n_iter_", 0)) < ITERATIONS)
