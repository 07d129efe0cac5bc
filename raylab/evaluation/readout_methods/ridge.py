"""Ridge regression, for all penalties from one eigendecomposition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

from raylab.config.readouts import RidgeConfig
from raylab.evaluation.readout_method import Arrays, Examples, Fitted, ReadoutMethod


class Ridge(ReadoutMethod[RidgeConfig]):
    """Least squares with a penalty; of classes, one against the rest."""

    def fit(self, settings: RidgeConfig, examples: Examples) -> Arrays:
        ((_, arrays),) = self.fit_each(settings, examples)
        return arrays

    def fit_each(self, config: RidgeConfig, examples: Examples) -> Iterator[Fitted]:
        """One eigendecomposition for all penalties; another one where classes have weights."""
        decomposed: dict[bool, _Decomposed] = {}
        for settings in config.candidates():
            weights = examples.weights(settings)
            weighted = weights is not None
            if weighted not in decomposed:
                decomposed[weighted] = _decomposed(examples, weights)
            yield settings, decomposed[weighted].arrays(settings.alpha[0], examples)


@dataclass(frozen=True)
class _Decomposed:
    """(X'X + alpha)^-1 X'Y as `left @ (right / (values + alpha))`, of centred X and Y.

    Attributes:
        left: (F, E), with E the smaller of the numbers of features and of examples.
        right: (E, K).
        values: (E,) the eigenvalues of X'X.
        middle: (K,) the mean of the targets.
        centre: (F,) the mean of the standardised features; None where it is 0.
    """

    left: np.ndarray
    right: np.ndarray
    values: np.ndarray
    middle: np.ndarray
    centre: np.ndarray | None

    def arrays(self, alpha: float, examples: Examples) -> Arrays:
        coefficients = self.left @ (self.right / (self.values + alpha)[:, None])
        middle = self.middle
        if self.centre is not None:
            middle = middle - self.centre @ coefficients
        return examples.folded(coefficients.T, middle)


def _decomposed(examples: Examples, weights: np.ndarray | None) -> _Decomposed:
    """By the eigenvectors of X'X or X X', whichever is smaller.

    Args:
        weights: (S,) of the classes, by which squared errors are multiplied.
    """
    x, targets = examples.standard, examples.targets
    centre: np.ndarray | None = None
    if weights is None:
        middle = targets.mean(axis=0)
        y = targets - middle
    else:
        share = weights[examples.codes[1]]
        centre, middle = share @ x / share.sum(), share @ targets / share.sum()
        root = np.sqrt(share)[:, None]
        x, y = root * (x - centre), root * (targets - middle)
    wide = x.shape[1] > x.shape[0]
    values, vectors = eigh(
        x @ x.T if wide else x.T @ x, driver="evd", overwrite_a=True, check_finite=False
    )
    left, right = (x.T @ vectors, vectors.T @ y) if wide else (vectors, vectors.T @ (x.T @ y))
    return _Decomposed(left, right, values.clip(min=0), middle, centre)
