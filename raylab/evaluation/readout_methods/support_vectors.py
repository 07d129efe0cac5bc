"""Linear support vectors: classes one against the rest, values one dimension at a time."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize

from raylab.config.readouts import SvmConfig
from raylab.evaluation.readout_method import Arrays, Examples, ReadoutMethod
from raylab.evaluation.readout_methods.logistic import fit_until_converged

TOLERANCE = 1e-6  # of the gradient, as a share of the gradient at the start


class SupportVectors(ReadoutMethod[SvmConfig]):
    """Support vector classification and regression."""

    def fit(self, settings: SvmConfig, examples: Examples) -> Arrays:
        discrete = examples.label.kind == "discrete"
        return (_classification if discrete else _regression)(settings, examples)


def _classification(settings: SvmConfig, examples: Examples) -> Arrays:
    """|w|² / 2 + sum c max(0, 1 - y (w x + b))², with b part of w, for each class against the rest:
    the problem of liblinear and LinearSVC (Fan et al. 2008), here of all classes at once by L-BFGS.
    """
    x, y = np.column_stack([examples.standard, np.ones(len(examples.standard))]), examples.targets
    c, costs = settings.c[0], _costs(settings, examples)

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights = flat.reshape(x.shape[1], -1)
        short = (1 - y * (x @ weights)).clip(min=0)
        gradient = weights - 2 * c * (x.T @ (costs * y * short))
        penalty, error = 0.5 * float(flat @ flat), float((costs * np.square(short)).sum())
        return penalty + c * error, gradient.ravel()

    start = np.zeros(x.shape[1] * y.shape[1])
    steepest = float(np.abs(loss(start)[1]).max())
    solution = minimize(
        loss,
        start,
        jac=True,
        method="L-BFGS-B",
        options={
            "maxiter": settings.iterations[0],
            "maxfun": 2 * settings.iterations[0],
            "gtol": TOLERANCE * steepest,
            "ftol": 0.0,
        },
    )
    weights = solution.x.reshape(x.shape[1], -1)
    return {
        **examples.folded(weights[:-1].T, weights[-1]),
        "converged": np.array([solution.success]),
    }


def _costs(settings: SvmConfig, examples: Examples) -> np.ndarray:
    """(n, S), or one number, by which c is multiplied. As in liblinear: of two classes each example
    has the weight of its class, and of more only the examples of the one class, not of the rest.
    """
    weights = examples.weights(settings)
    if weights is None:
        return np.ones(())
    own = weights[examples.codes[1]][:, None]
    return own if len(weights) == 2 else np.where(examples.targets > 0, own, 1.0)


def _regression(settings: SvmConfig, examples: Examples) -> Arrays:
    """One regression a dimension, on standardised targets: the penalty, which is also on the
    intercept, would otherwise mean another thing in metres than in centimetres.
    """
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import LinearSVR

    scaler = StandardScaler().fit(examples.targets)
    targets = scaler.transform(examples.targets)
    models = [
        LinearSVR(C=settings.c[0], max_iter=settings.iterations[0], dual="auto", random_state=0)
        for _ in targets.T
    ]
    converged = [
        fit_until_converged(model, examples.standard, target)
        for model, target in zip(models, targets.T)
    ]
    coefficients = np.stack([model.coef_ for model in models]) * scaler.scale_[:, None]
    intercept = (
        np.concatenate([np.atleast_1d(model.intercept_) for model in models]) * scaler.scale_
        + scaler.mean_
    )
    return {**examples.folded(coefficients, intercept), "converged": np.array([all(converged)])}
