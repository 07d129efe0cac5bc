"""The scale of a decoder's targets: networks output numbers of mean 0 and variance 1, in float32.

A label may lie far from zero, as times since 1970 do, or be tiny. float32 would round such values
to a few different ones, so they are centred and scaled in float64.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

FAR = 1000.0  # standard deviations from zero, beyond which float32 does not do
LEAST, MOST = 1e-30, 1e30  # standard deviations for which float32 does


def scale_of(values: np.ndarray, varies: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n, D) values -> their (D,) mean and standard deviation, 1 of constant columns.

    They are float32 where it holds the values of all columns, as earlier versions of raylab had
    them: the same trial still gives the same weights. Otherwise they are float64.
    """
    mean, std = values.mean(axis=0), np.where(varies, values.std(axis=0), 1.0)
    near = held(torch.from_numpy(mean), torch.from_numpy(std)).numpy()
    with np.errstate(over="ignore", under="ignore"):
        small = (mean.astype(np.float32), std.astype(np.float32))
    return small if near.all() else (np.where(near, small[0], mean), np.where(near, small[1], std))


def held(mean: Tensor, std: Tensor) -> Tensor:
    """(D,) whether float32 holds values of this mean and standard deviation."""
    return (mean.abs() <= FAR * std) & (std > LEAST) & (std < MOST)


def in_units(standard: Tensor, *, mean: Tensor, std: Tensor) -> Tensor:
    """(n, D) float32 outputs of mean 0 and variance 1 -> float64 values in the label's unit."""
    near = (standard * std.float() + mean.float()).double()
    return torch.where(held(mean, std), near, standard.double() * std + mean)
