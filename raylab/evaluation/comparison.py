"""Ways to reduce activity that are scored beside a model (PCA, UMAP, t-SNE), and linear maps to
known latents.

No method sees a label. PCA and UMAP are fitted on training samples and applied to the others. t-SNE
cannot place a sample that it was not fitted on, so it is fitted on all samples at once, the scored
ones included (transductive).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression
from threadpoolctl import threadpool_limits

from raylab.data.session import Label
from raylab.errors import StudyError
from raylab.evaluation.formulas import on_circle, r2_of_columns

# t-SNE and UMAP get so many principal components where the input is wider, as is usual.
REDUCED = 50
# The Barnes-Hut approximation of t-SNE is far slower in 3 dimensions and has no more than 3.
TSNE_DIMENSIONS = 2


@dataclass(frozen=True)
class Method:
    """A way to reduce: (training (F, W), others (S, W), dimensions, seed) -> (F, D) and (S, D)."""

    reduce: Callable[[np.ndarray, np.ndarray, int, int], tuple[np.ndarray, np.ndarray]]
    transductive: bool = False


def _pca(
    training: np.ndarray, others: np.ndarray, dimensions: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    fitted = PCA(min(dimensions, *training.shape), random_state=seed).fit(training)
    return fitted.transform(training), fitted.transform(others)


def _umap(
    training: np.ndarray, others: np.ndarray, dimensions: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    try:
        from umap import UMAP
    except ImportError:
        raise StudyError(
            "UMAP needs the package umap-learn, which is not installed",
            "pip install 'raylab[umap]'",
        ) from None
    training, others = _pca(training, others, REDUCED, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a seed means one thread
        fitted = UMAP(n_components=dimensions, random_state=seed).fit(training)
        return fitted.embedding_, fitted.transform(others)


def _tsne(
    training: np.ndarray, others: np.ndarray, _dimensions: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.manifold import TSNE

    whole = np.concatenate(_pca(training, others, REDUCED, seed))
    # On busy CPUs several threads would wait for each other far longer than one thread works.
    with threadpool_limits(1):
        embedded = TSNE(TSNE_DIMENSIONS, init="pca", random_state=seed).fit_transform(whole)
    return embedded[: len(training)], embedded[len(training) :]


METHODS = {"pca": Method(_pca), "umap": Method(_umap), "tsne": Method(_tsne, transductive=True)}


def linear_r2(fitted: np.ndarray, label: Label, scored: np.ndarray, truth: Label) -> float:
    """R2 of a least-squares map from an embedding to a label, fitted on some samples and scored on
    others.

    Args:
        fitted: (F, D), with `label`.
        scored: (S, D), with `truth`. Continuous (D columns: their mean) or circular, as (cos, sin).
    """
    targets = [
        on_circle(each.values) if each.kind == "circular" else each.values
        for each in (label, truth)
    ]
    # float64: scikit-learn would round targets to the type of the features before it centres them.
    model = LinearRegression().fit(fitted.astype(np.float64), targets[0])
    size = 1.0 if truth.kind == "circular" else None
    return r2_of_columns(targets[1], model.predict(scored.astype(np.float64)), size)
