"""Multinomial logistic regression (scikit-learn's), and how solvers that iterate are fitted."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from raylab.config.readouts import LogisticConfig
from raylab.evaluation.readout_method import Arrays, Examples, ReadoutMethod, sklearn_weight

ITERATIONS = 1000


class Logistic(ReadoutMethod[LogisticConfig]):
    """Multinomial logistic regression."""

    score_meaning = "log_probabilities"

    def fit(self, settings: LogisticConfig, examples: Examples) -> Arrays:
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(
            C=settings.c[0],
            max_iter=ITERATIONS,
            class_weight=sklearn_weight(settings, examples),
        )
        converged = fit_until_converged(model, examples.standard, examples.codes[1])
        coefficients, intercept = model.coef_, model.intercept_
        if len(coefficients) == 1:
            # Of two classes: half for the one, half against the other, so that softmax holds.
            coefficients = np.concatenate([-coefficients, coefficients]) / 2
            intercept = np.concatenate([-intercept, intercept]) / 2
        return {**examples.folded(coefficients, intercept), "converged": np.array([converged])}


def fit_until_converged(model: Any, features: np.ndarray, targets: np.ndarray) -> bool:
    """Fit; whether the solver stopped by itself, before its limit of iterations."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # reported as `converged`
        model.fit(features, targets)
    return bool(np.max(model.n_iter_) < model.max_iter)
