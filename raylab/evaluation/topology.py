"""Topology of point clouds: persistent homology by ripser, and Betti numbers against shuffled
clouds.

Rule: bars count where they outlive every bar of their dimension in every shuffled cloud (the rule
of Schneider, Lee & Mathis 2023) and come before the largest gap: the shortest that counts lives
longest in proportion to the next, and GAP times as long at least. That is ours: the noise of a
curved surface can be a little longer than that of its shuffles. Clouds are thinned to landmarks and
scaled to one size first, so that lifetimes of different clouds compare.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from raylab.errors import StudyError

GAP = 1.5
SPARSEST = 0.1  # of the points are left out: farthest-point sampling would choose outliers first
NEIGHBOURS = 15  # whose distance says how sparse it is around a point
LEAST_POINTS = 20


@dataclass(frozen=True)
class Topology:
    """Bars and Betti numbers of one cloud.

    Attributes:
        diagrams: For each homology dimension (bars, 2) births and deaths, longest first; scaled
            distances. The one bar of dimension 0 that never dies is left out.
        thresholds: For each dimension, the longest lifetime in any shuffled cloud.
        landmarks: Points that were used.
        shuffles: Shuffled clouds.
    """

    diagrams: tuple[np.ndarray, ...]
    thresholds: tuple[float, ...]
    landmarks: int
    shuffles: int

    @property
    def betti(self) -> tuple[int, ...]:
        """How many bars of each dimension count; the bar that never dies is one component."""
        return tuple(
            _counted(np.diff(bars)[:, 0], threshold) + (dimension == 0)
            for dimension, (bars, threshold) in enumerate(zip(self.diagrams, self.thresholds))
        )


def persistent_topology(
    points: np.ndarray, shuffled: Iterable[np.ndarray], *, landmarks: int = 500, highest: int = 1
) -> Topology:
    """Betti numbers of a cloud.

    Args:
        points: (n, D).
        shuffled: Clouds (m, D) of the same make without the structure in question. Of S, a bar that
            is as long as theirs by chance outlives all with a probability of 1 / (S + 1).
        landmarks: Points used of each cloud; the cost grows with the cube and more.
        highest: The highest homology dimension; 2 takes far longer than 1.

    Raises:
        StudyError: ripser is not installed; fewer than 20 points.
    """
    diagrams = persistence(points, landmarks=landmarks, highest=highest)
    controls = [persistence(cloud, landmarks=landmarks, highest=highest) for cloud in shuffled]
    longest = [
        [_longest(control[dimension]) for control in controls] for dimension in range(highest + 1)
    ]
    used = len(landmark_rows(points, landmarks))
    return Topology(
        diagrams, tuple(max(each, default=np.inf) for each in longest), used, len(controls)
    )


def persistence(points: np.ndarray, *, landmarks: int, highest: int) -> tuple[np.ndarray, ...]:
    """Vietoris-Rips persistence (coefficients modulo 2) of a cloud's landmarks, scaled to a root
    mean square distance of 1 from their centre; (bars, 2) for each dimension, longest first.
    """
    try:
        from ripser import ripser
    except ImportError:
        remedy = "pip install 'raylab[topology]'"
        raise StudyError(
            "topology needs the package ripser, which is not installed", remedy
        ) from None
    chosen = np.asarray(points, np.float64)[landmark_rows(points, landmarks)]
    centred = chosen - chosen.mean(axis=0)
    size = float(np.sqrt((centred**2).sum(axis=1).mean()))
    diagrams = ripser(centred / (size if size > 0 else 1), maxdim=highest)["dgms"]
    finite = [bars[np.isfinite(bars).all(axis=1)] for bars in diagrams]
    return tuple(bars[np.argsort(-np.diff(bars)[:, 0], kind="stable")] for bars in finite)


def landmark_rows(points: np.ndarray, count: int) -> np.ndarray:
    """Rows of at most `count` points spread evenly: each the farthest from all before, sparse ones
    left out.

    Farthest-point sampling (de Silva & Carlsson 2004) covers a manifold however unevenly an animal
    visits it; it begins at the point nearest to the centre, so it needs no seed.
    """
    points = np.asarray(points, np.float64)
    if len(points) < LEAST_POINTS:
        raise StudyError(
            f"topology: {len(points)} points; at least {LEAST_POINTS} are needed",
            "Use a longer split.",
        )
    if len(points) <= count:
        return np.arange(len(points))
    reach = np.asarray(cKDTree(points).query(points, min(NEIGHBOURS + 1, len(points)))[0])[:, -1]
    dense = np.flatnonzero(reach <= np.quantile(reach, 1 - SPARSEST))
    if len(dense) <= count:
        return dense
    held = points[dense]
    chosen = [int(((held - held.mean(axis=0)) ** 2).sum(axis=1).argmin())]
    nearest = cdist(held, held[chosen])[:, 0]
    while len(chosen) < count and nearest.max() > 0:
        chosen.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, cdist(held, held[chosen[-1:]])[:, 0])
    return dense[chosen]


def shuffled_columns(points: np.ndarray, *, shuffles: int, seed: int = 0) -> Iterable[np.ndarray]:
    """Clouds with each column permuted on its own: the same marginals, nothing in common between
    columns.
    """
    random = np.random.default_rng(seed)
    for _ in range(shuffles):
        yield random.permuted(points, axis=0)


def shifted_units(stretches: Sequence[np.ndarray], random: np.random.Generator) -> list[np.ndarray]:
    """Activity with every unit shifted in time by an amount of its own: its rhythm stays, what
    units have in common goes (the control of Gardner et al. 2022). All stretches together count as
    one ring: some may be very short.

    Args:
        stretches: (L, N) each.
    """
    whole = np.concatenate(stretches)
    shifts = random.integers(len(whole), size=whole.shape[1])
    rows = (np.arange(len(whole))[:, None] - shifts) % len(whole)
    moved = np.take_along_axis(whole, rows, axis=0)
    return np.split(moved, np.cumsum([len(stretch) for stretch in stretches])[:-1])


def _counted(lifetimes: np.ndarray, threshold: float) -> int:
    """Bars above the threshold and before the largest gap between them and the next; lifetimes
    descend.
    """
    above = int((lifetimes > threshold).sum())
    if not above:
        return 0
    following = np.append(lifetimes[1:], threshold)[
        :above
    ]  # after the last bar, what noise may reach
    ratios = lifetimes[:above] / np.maximum(following, 1e-12)
    return int(ratios.argmax()) + 1 if ratios.max() >= GAP else 0


def _longest(bars: np.ndarray) -> float:
    return float(np.diff(bars[:1])[0, 0]) if len(bars) else 0.0
