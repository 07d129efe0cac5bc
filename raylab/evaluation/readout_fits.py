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
from typing import Any

import numpy as np
from scipy.linalg import eigh
from scipy.optimize import minimize

from raylab.config.readouts import (
    LdaConfig,
    LogisticConfig,
    NaiveBayesConfig,
    ReadoutConfig,
    RidgeConfig,
    SvmConfig,
)
from raylab.data.views.variation import varying
from raylab.errors import TrainingError
from raylab.evaluation.readout_method import Arrays, Examples, ReadoutMethod

ITERATIONS = 1000  # of logistic
TOLERANCE = 1e-6  # of the SVM's gradient, as a share of the gradient at the start


class NaiveBayes(ReadoutMethod[NaiveBayesConfig]):
    """log p(class) + log N(x; mean, variance), summed over features, as x² squares + x weights +
    bias.

    x counts from the mean of all fitted examples: far from zero the three terms would cancel to
    nothing.
    """

    score_meaning = "log_probabilities"

    def fit(self, settings: NaiveBayesConfig, examples: Examples) -> Arrays:
        ((_, arrays),) = self.fit_each(settings, examples)
        return arrays

    def fit_each(
        self, config: NaiveBayesConfig, examples: Examples
    ) -> Iterator[tuple[ReadoutConfig, Arrays]]:
        return _naive_bayes(config, examples)

    def outputs(self, arrays: Arrays, features: np.ndarray) -> np.ndarray:
        features -= arrays["centre"]
        linear = features @ arrays["weights"] + arrays["bias"]
        outputs = np.square(features, out=features) @ arrays["squares"] + linear
        # Where variances are tiny these are huge, and float32 would not tell the best from the
        # next.
        relative: np.ndarray = outputs - outputs.max(axis=1, keepdims=True)
        return relative


class Ridge(ReadoutMethod[RidgeConfig]):
    """Least squares with a penalty, for all penalties from one eigendecomposition."""

    def fit(self, settings: RidgeConfig, examples: Examples) -> Arrays:
        ((_, arrays),) = self.fit_each(settings, examples)
        return arrays

    def fit_each(
        self, config: RidgeConfig, examples: Examples
    ) -> Iterator[tuple[ReadoutConfig, Arrays]]:
        return _ridge(config, examples)


class Logistic(ReadoutMethod[LogisticConfig]):
    """Multinomial logistic regression."""

    score_meaning = "log_probabilities"

    def fit(self, settings: LogisticConfig, examples: Examples) -> Arrays:
        from sklearn.linear_model import LogisticRegression

        return _linear_classifier(
            LogisticRegression(C=settings.c[0], max_iter=ITERATIONS), examples
        )


class DiscriminantAnalysis(ReadoutMethod[LdaConfig]):
    """Linear discriminant analysis by least squares."""

    score_meaning = "log_probabilities"

    def fit(self, settings: LdaConfig, examples: Examples) -> Arrays:
        from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

        seen, positions = examples.codes
        if len(positions) == len(seen):
            raise TrainingError(
                f"model.kind lda: {len(positions)} examples of as many classes have no covariance",
                "Use more examples of a class, or another model.kind.",
            )
        shrinkage = None if settings.shrinkage[0] == "none" else settings.shrinkage[0]
        return _linear_classifier(
            LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage), examples
        )


class SupportVectors(ReadoutMethod[SvmConfig]):
    """Linear support vectors: classes one against the rest, values one dimension at a time."""

    def fit(self, settings: SvmConfig, examples: Examples) -> Arrays:
        discrete = examples.label.kind == "discrete"
        return (_support_vectors if discrete else _support_regression)(settings, examples)


def _naive_bayes(
    config: NaiveBayesConfig, examples: Examples
) -> Iterator[tuple[ReadoutConfig, Arrays]]:
    from sklearn.naive_bayes import GaussianNB

    features, (_, positions) = examples.features.astype(np.float64), examples.codes
    largest = features.var(axis=0).max()
    if not varying(examples.features).any():
        raise TrainingError(
            "model.kind naive_bayes: no feature varies over the fitted examples",
            "Use other features.",
        )
    centre = features.mean(axis=0)
    model = GaussianNB(var_smoothing=0).fit(features - centre, positions)
    for candidate in config.candidates():
        variance = model.var_ + candidate.smoothing[0] * largest
        constant = -0.5 * (np.log(2 * np.pi * variance) + model.theta_**2 / variance).sum(axis=1)
        yield (
            candidate,
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
    for candidate in config.candidates():
        coefficients = left @ (right / (values + candidate.alpha[0])[:, None])
        yield candidate, examples.folded(coefficients.T, middle)


def _linear_classifier(model: Any, examples: Examples) -> Arrays:
    _, positions = examples.codes
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
    solution = minimize(
        loss,
        start,
        jac=True,
        method="L-BFGS-B",
        options={
            "maxiter": config.iterations[0],
            "maxfun": 2 * config.iterations[0],
            "gtol": TOLERANCE * steepest,
            "ftol": 0.0,
        },
    )
    weights = solution.x.reshape(x.shape[1], -1)
    return {
        **examples.folded(weights[:-1].T, weights[-1]),
        "converged": np.array([solution.success]),
    }


def _support_regression(config: SvmConfig, examples: Examples) -> Arrays:
    """One regression a dimension, on standardised targets: the penalty, which is also on the
    intercept, would otherwise mean another thing in metres than in centimetres.
    """
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import LinearSVR

    scaler = StandardScaler().fit(examples.targets)
    targets = scaler.transform(examples.targets)
    models = [
        LinearSVR(C=config.c[0], max_iter=config.iterations[0], dual="auto", random_state=0)
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
        warnings.simplefilter("ignore", ConvergenceWarning)  # reported as `converged`
        warnings.filterwarnings(
            "ignore", "Only one sample available"
        )  # a class of one example has no covariance
        model.fit(features, targets)
    return bool(np.max(getattr(model, "n_iter_", 0)) < getattr(model, "max_iter", ITERATIONS))
