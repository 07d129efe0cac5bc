"""k nearest neighbours for every k at once: one search serves all candidates and all labels.

scikit-learn's KNeighbors* is the oracle in the tests; it searches anew for each k and each label.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.spatial import cKDTree

from raylab.data.session import Label
from raylab.evaluation.formulas import on_circle

TREE_DIMENSIONS = 8  # in more, a k-d tree of points without structure is slower than all distances


def nearest(
    reference: np.ndarray, queries: np.ndarray, *, k: int, metric: str, tile: int = 64
) -> np.ndarray:
    """(Q, k) int64 indices into `reference`, nearest first. Exact: by a k-d tree in few dimensions,
    else by a top-k matrix product.

    Args:
        reference: (M, D).
        queries: (Q, D).
        metric: `euclidean` or `cosine` (a zero vector is at a right angle to everything).
    """
    # float64, as scikit-learn: in float32 two neighbours at nearly one distance change places.
    # Torch wants memory that can be written to; only read-only arrays are copied.
    points = torch.from_numpy(np.require(reference, np.float64, ["W"]))
    rows = torch.from_numpy(np.require(queries, np.float64, ["W"]))
    if metric == "cosine":
        points, rows = _unit(points), _unit(rows)
    # Between unit vectors, straight lines order as angles do; a zero vector has no place on the
    # sphere.
    on_sphere = metric != "cosine" or bool(points.any(dim=1).all() and rows.any(dim=1).all())
    if points.shape[1] <= TREE_DIMENSIONS and on_sphere:
        return np.asarray(cKDTree(points.numpy()).query(rows.numpy(), k)[1], np.int64).reshape(
            len(rows), k
        )
    offset = points.new_zeros(len(points))
    if metric != "cosine":
        # Centring keeps |a|^2 - 2ab + |b|^2 accurate for data far from zero; the nearest maximise
        # a.b - |b|^2 / 2.
        centre = points.mean(dim=0)
        points, rows = points - centre, rows - centre
        offset = points.square().sum(dim=1) / 2
    indices = [(block @ points.T - offset).topk(k, dim=1).indices for block in rows.split(tile)]
    return torch.cat(indices).numpy() if indices else np.zeros((0, k), np.int64)


def predict(
    label: Label, neighbours: np.ndarray, ks: tuple[int, ...], weights: np.ndarray | None = None
) -> dict[int, np.ndarray]:
    """Predictions for each k: mean, circular mean, or most frequent class (ties to the lowest
    code).

    Args:
        label: Of the reference samples, all labelled.
        neighbours: (Q, max k) from `nearest`.
        weights: (classes,) of the votes for each class; default: all votes count the same.

    Returns:
        k -> (Q, D) values or (Q,) class codes.
    """
    if label.kind == "discrete":
        each = 1 if weights is None else weights
        counted = votes(label, neighbours, ks)
        return {k: (counts * each).argmax(axis=1) for k, counts in counted.items()}
    if label.kind == "circular":
        sums = _sums(on_circle(label.values), neighbours, ks)
        half = label.values.shape[1]
        return {k: np.arctan2(summed[:, half:], summed[:, :half]) for k, summed in sums.items()}
    return {k: summed / k for k, summed in _sums(label.values, neighbours, ks).items()}


def _sums(values: np.ndarray, neighbours: np.ndarray, ks: tuple[int, ...]) -> dict[int, np.ndarray]:
    total = np.zeros((len(neighbours), values.shape[1]))
    done, sums = 0, {}
    for k in sorted(ks):
        for column in range(done, k):
            total += values[neighbours[:, column]]
        done = k
        sums[k] = total.copy()
    return sums


def votes(label: Label, neighbours: np.ndarray, ks: tuple[int, ...]) -> dict[int, np.ndarray]:
    """(Q, classes) votes for each k. One vote a column: a one-hot table would be dense in movie
    frames.
    """
    total = np.zeros((len(neighbours), len(label.classes)), np.int32)
    rows = np.arange(len(neighbours))
    done, counts = 0, {}
    for k in sorted(ks):
        for column in range(done, k):
            total[rows, label.values[neighbours[:, column]]] += 1
        done = k
        counts[k] = total.copy()
    return counts


def _unit(x: torch.Tensor) -> torch.Tensor:
    return x / x.norm(dim=1, keepdim=True).clamp_min(1e-12)
