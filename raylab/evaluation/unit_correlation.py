"""Correlations between the units of a session, and the clusters that they form."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.cluster.hierarchy import fcluster, leaves_list, linkage
from scipy.spatial.distance import squareform

from raylab.data.views.variation import beyond_rounding

# units up to which the order of the tree's leaves is optimal: 2 s on one core, 24 s at 2000
ORDERED = 1000
BLOCK = 1 << 22  # numbers of a block that are float64 at a time
SILENT = -1


@dataclass(frozen=True)
class UnitClusters:
    """A session's units, ordered so that correlated ones are neighbours.

    Attributes:
        order: (N,) int64 units along the leaves of the tree; those that never vary come last.
        cluster: (N,) int64 of each unit, numbered from 1 along `order`; -1 where a unit never
            varies.
    """

    order: np.ndarray
    cluster: np.ndarray


def correlation_matrix(blocks: Iterable[np.ndarray]) -> np.ndarray:
    """(N, N) float64 Pearson correlations over all samples; NaN for units that never vary, as
    `np.corrcoef`.

    Means and co-moments are updated a block at a time (Chan, Golub & LeVeque 1979), so memory does
    not grow with the number of samples, and large means cost no digits.

    Args:
        blocks: (n, N) each, any number of samples.
    """
    count, mean, moments = 0, np.zeros(0), np.zeros((0, 0))
    for block in (piece for whole in blocks for piece in _pieces(whole)):
        own = block.mean(axis=0)
        centred = block - own
        if not count:
            mean, moments = np.zeros(len(own)), np.zeros((len(own), len(own)))
        moments += centred.T @ centred
        step = own - mean
        moments += np.outer(step, step) * (count * len(block) / (count + len(block)))
        mean = mean + step * (len(block) / (count + len(block)))
        count += len(block)
    return _normalised(moments, mean, count)


def cluster_units(matrix: np.ndarray, *, clusters: int = 10) -> UnitClusters:
    """Hierarchical clustering with average linkage of the distance 1 - r.

    Args:
        matrix: (N, N) as `correlation_matrix` gives it.
        clusters: The greatest number of clusters; the tree is cut there.
    """
    alive = np.flatnonzero(~np.isnan(np.diag(matrix)))
    silent = np.setdiff1d(np.arange(len(matrix)), alive)
    cluster = np.full(len(matrix), SILENT, np.int64)
    if len(alive) < 2:
        cluster[alive] = 1
        return UnitClusters(np.append(alive, silent), cluster)
    distance = squareform(1 - matrix[np.ix_(alive, alive)], checks=False)
    tree = linkage(distance, "average", optimal_ordering=len(alive) <= ORDERED)
    leaves = leaves_list(tree)
    flat = fcluster(tree, clusters, "maxclust")
    along = list(dict.fromkeys(flat[leaves].tolist()))
    cluster[alive] = [along.index(branch) + 1 for branch in flat]
    return UnitClusters(np.append(alive[leaves], silent), cluster)


def _pieces(block: np.ndarray) -> Iterable[np.ndarray]:
    rows = max(1, BLOCK // max(1, block.shape[1]))
    return (np.asarray(block[at : at + rows], np.float64) for at in range(0, len(block), rows))


def _normalised(moments: np.ndarray, mean: np.ndarray, count: int) -> np.ndarray:
    deviation = np.sqrt(np.diag(moments) / max(count, 1))
    varies = beyond_rounding(deviation, mean, np.float32)
    scale = np.where(varies, np.sqrt(np.diag(moments)), np.nan)
    correlation = np.clip(moments / np.outer(scale, scale), -1, 1)
    correlation[np.diag_indices_from(correlation)] = np.where(varies, 1.0, np.nan)
    return np.asarray(correlation)
