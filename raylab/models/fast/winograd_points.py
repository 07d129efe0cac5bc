"""Matrices of fast convolutions: y[t] = sum over j of w[j] x[t + j], four outputs at a time.

Four outputs and G taps are coefficients of a product of polynomials, which G + 3 points determine:
so many products where 4 G are the obvious way. With matrices of the points, y = outputs ((kernels
w) * (inputs x)), where a product is one of matrices over channels. Kernels of more taps are cut
into groups of four, which see what later tiles see first.

F(4, G) of Winograd 1980 (Arithmetic Complexity of Computations), for networks Lavin & Gray 2016
(arXiv:1509.09308); matrices from points as in Barabasz et al. 2020 (Error analysis and improving
the accuracy of Winograd convolution).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor

TILE = 4
# Taps of a group: finite points beside infinity. Of those tried, these round least coarsely in
# float32: 2.4 and 3.4 times as coarsely as plain sums of products (the usual 0, 1, -1, 2, -2: 3.4
# times).
POINTS = {
    3: (0.0, 0.75, -0.75, 1.5, -1.5),
    4: (0.375, -0.375, 0.875, -0.875, 1.625, -1.625),
}


@dataclass(frozen=True)
class Scheme:
    """
    Attributes:
        taps: K of the kernel.
        groups: Of taps, each with P points.
        inputs: (P, P), of what a tile sees.
        kernels: (groups * P + K, K), of the taps; the last K rows are the taps themselves.
        outputs: (TILE, P).
    """

    taps: int
    groups: int
    inputs: Tensor
    kernels: Tensor
    outputs: Tensor

    @property
    def points(self) -> int:
        return len(self.inputs)

    @property
    def saves(self) -> bool:
        """Multiplications."""
        return self.groups * self.points < TILE * self.taps


@cache
def scheme(taps: int) -> Scheme:
    """For a kernel of so many taps."""
    group = 3 if taps <= 3 else TILE
    groups, points = -(-taps // group), np.array(POINTS[group])
    others = [np.delete(points, at) for at in range(len(points))]
    size = len(points) + 1
    inputs, kernels, outputs = (
        np.zeros((size, size)),
        np.zeros((size, group)),
        np.zeros((TILE, size)),
    )
    inputs[:-1, :-1] = [np.poly(each)[::-1] for each in others]
    inputs[-1] = np.poly(points)[::-1]
    scale = np.array([np.prod(point - each) for point, each in zip(points, others)])
    kernels[:-1] = np.vander(points, group, increasing=True) / scale[:, None]
    outputs[:, :-1] = np.vander(points, TILE, increasing=True).T
    kernels[-1, -1] = outputs[-1, -1] = 1  # infinity
    of_taps = np.kron(np.eye(groups), kernels)[:, :taps]
    matrices = (
        torch.from_numpy(each).float()
        for each in (inputs, np.concatenate([of_taps, np.eye(taps)]), outputs)
    )
    return Scheme(taps, groups, *matrices)
