"""Principal components: one computation for the baseline `pca` and for the readout knn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Components:
    """The directions in which features vary most.

    Attributes:
        centre: (F,) the mean of the features that were fitted.
        axes: (F, C) unit vectors, the one of the largest variance first.
    """

    centre: np.ndarray
    axes: np.ndarray

    def project(self, features: np.ndarray) -> np.ndarray:
        """(n, F) features -> their (n, C) float64 components."""
        projected: np.ndarray = (features.astype(np.float64) - self.centre) @ self.axes
        return projected

    def first(self, count: int) -> Components:
        """The `count` components of the largest variance."""
        return Components(self.centre, self.axes[:, :count])


def principal_components(features: np.ndarray, count: int) -> Components:
    """The first `count` principal components of (n, F) features: fewer where there are fewer
    features or examples. They are exact, whatever the size: fewer of them are the first of more.
    """
    from sklearn.decomposition import PCA

    n, width = features.shape
    values = features.astype(np.float64)
    centre = values.mean(axis=0)
    # Of centred features, the covariance is as exact as a singular value decomposition, and much
    # faster.
    solver = "covariance_eigh" if n >= width else "full"
    model = PCA(min(count, n, width), svd_solver=solver).fit(values - centre)
    return Components(centre, model.components_.T)
