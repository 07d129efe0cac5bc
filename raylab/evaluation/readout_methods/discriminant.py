"""Linear discriminant analysis by least squares, as scikit-learn's solver `lsqr` has it.

The covariance within classes is diag(d) + A'A, with a row of A for each example. Where there are
fewer examples than features it is never made: what is solved is never larger than the features.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve, eigh
from scipy.linalg.lapack import dpocon

from raylab.config.readouts import LdaConfig
from raylab.errors import TrainingError
from raylab.evaluation.readout_method import Arrays, Examples, Fitted, ReadoutMethod

SINGULAR = 1e-12  # 1 / condition below which a matrix is solved by its eigenvectors


class DiscriminantAnalysis(ReadoutMethod[LdaConfig]):
    """Classes with normal distributions that have one covariance."""

    score_meaning = "log_probabilities"

    def fit(self, settings: LdaConfig, examples: Examples) -> Arrays:
        ((_, arrays),) = self.fit_each(settings, examples)
        return arrays

    def fit_each(self, config: LdaConfig, examples: Examples) -> Iterator[Fitted]:
        """What the classes are like is computed once for all settings."""
        seen, positions = examples.codes
        if len(positions) == len(seen):
            raise TrainingError(
                f"model.kind lda: {len(positions)} examples of as many classes have no covariance",
                "Use more examples of a class, or another model.kind.",
            )
        classes = _Classes(examples.standard, positions)
        for settings in config.candidates():
            priors, (shrinkage,) = examples.priors(settings), settings.shrinkage
            coefficients = classes.coefficients(priors, shrinkage)
            intercept = np.log(priors) - (classes.means * coefficients).sum(axis=1) / 2
            if len(seen) == 2:
                # Half for the one, half against the other.
                coefficients = coefficients - coefficients.mean(axis=0)
                intercept = intercept - intercept.mean()
            arrays = examples.folded(coefficients, intercept)
            yield settings, {**arrays, "converged": np.array([True])}


class _Classes:
    """The examples of each of S classes.

    Args:
        standard: (n, F) features.
        positions: (n,) the class of each example.
    """

    def __init__(self, standard: np.ndarray, positions: np.ndarray) -> None:
        self.standard, self.positions = standard, positions
        self.counts = np.bincount(positions)
        self.members = [np.flatnonzero(positions == place) for place in range(len(self.counts))]
        self.means = np.stack([standard[at].mean(axis=0) for at in self.members])
        self.centred = standard - self.means[positions]

    def coefficients(self, priors: np.ndarray, shrinkage: float | str) -> np.ndarray:
        """(S, F) the class means, divided by the covariance within classes."""
        shares, variances = self._shrunk(shrinkage)
        size = np.sqrt(priors * (1 - shares) / self.counts)
        return divided(priors @ variances, self.centred * size[self.positions, None], self.means)

    def _shrunk(self, shrinkage: float | str) -> tuple[np.ndarray, np.ndarray]:
        """(S,) by which share the covariance of each class is shrunk, and (S, F) the variances that
        this adds to its diagonal.
        """
        if shrinkage == "auto":
            return self._ledoit_wolf
        share = 0.0 if shrinkage == "none" else float(shrinkage)
        mean = [share * np.square(self.centred[at]).mean() for at in self.members]
        return np.full(len(self.counts), share), np.outer(mean, np.ones(self.means.shape[1]))

    @cached_property
    def _ledoit_wolf(self) -> tuple[np.ndarray, np.ndarray]:
        """As `_shrunk`, of features standardised within each class (Ledoit & Wolf 2004)."""
        from sklearn.preprocessing import StandardScaler

        shares, variances = [], []
        for at in self.members:
            scaler = StandardScaler()
            rows = scaler.fit_transform(self.standard[at])
            share = ledoit_wolf_share(rows)
            shares.append(share)
            variances.append(share * np.square(rows).mean() * scaler.scale_**2)
        return np.array(shares), np.array(variances)


def ledoit_wolf_share(rows: np.ndarray) -> float:
    """By which share to shrink the covariance of (n, F) centred rows, in the smaller of the spaces
    of features and of examples. scikit-learn's `ledoit_wolf_shrinkage` is the oracle in the tests.
    """
    n, width = rows.shape
    if width == 1:
        return 0.0
    mean = np.square(rows).mean()
    product = rows @ rows.T if n < width else rows.T @ rows
    squares = float(np.square(product).sum()) / n**2
    fourth = float(np.square(np.square(rows).sum(axis=1)).sum()) / n
    noise, distance = (fourth - squares) / (width * n), squares / width - mean**2
    noise = min(noise, distance)
    return 0.0 if noise == 0 else float(noise / distance)


def divided(diagonal: np.ndarray, rows: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """(S, F) `targets` times the inverse of diag(`diagonal`) + R'R, for (m, F) `rows` R. Of a
    singular matrix it is the pseudoinverse.
    """
    m, width = rows.shape
    if width <= m:
        matrix = rows.T @ rows
        matrix.flat[:: width + 1] += diagonal
        return _solved(matrix, targets.T).T
    if diagonal.min() <= 0:
        return _pseudo_divided(rows, targets)
    # The inverse of diag(d) + R'R by that of 1 + R diag(1 / d) R' (Woodbury).
    root = np.sqrt(diagonal)
    rows, targets = rows / root, targets / root
    matrix = rows @ rows.T
    matrix.flat[:: m + 1] += 1
    return np.asarray((targets - _solved(matrix, rows @ targets.T).T @ rows) / root)


def _solved(matrix: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """matrix^-1 targets, of a symmetric matrix without negative eigenvalues."""
    norm = float(np.abs(matrix).sum(axis=0).max())
    try:
        factor = cho_factor(matrix, lower=True)
    except LinAlgError:
        factor = None
    if factor is not None and dpocon(factor[0], norm, uplo="L")[0] > SINGULAR:
        return np.asarray(cho_solve(factor, targets))
    values, vectors = eigh(matrix, driver="evd")
    keep = values > _least(values)
    vectors = vectors[:, keep]
    return np.asarray(vectors @ ((vectors.T @ targets) / values[keep, None]))


def _pseudo_divided(rows: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """`targets` times the pseudoinverse of R'R, by the eigenvectors of R R'."""
    values, vectors = eigh(rows @ rows.T, driver="evd")
    keep = values > _least(values)
    basis = (rows.T @ vectors[:, keep]) / np.sqrt(values[keep])
    return np.asarray(((targets @ basis) / values[keep]) @ basis.T)


def _least(values: np.ndarray) -> float:
    """Eigenvalues up to this are 0 but for rounding."""
    return float(len(values) * np.finfo(float).eps * values.max())
