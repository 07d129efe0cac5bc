"""Which units are neighbours: edges (2, E), source above target, sorted, in both directions, with
self loops.
"""

from __future__ import annotations

import torch
from torch import Tensor


def edges_of_correlations(correlation: Tensor, neighbours: int) -> Tensor:
    """(K, K) -> (2, E) int64: each unit chooses those it is most correlated with, of either sign.

    No correlation (zero, or NaN of a silent unit) is no edge. Of equal ones the lower unit is
    chosen.
    """
    strength = correlation.abs().nan_to_num(0.0)
    return _edges(torch.where(strength > 0, strength, -torch.inf), neighbours)


def edges_of_positions(positions: Tensor, neighbours: int) -> Tensor:
    """(K, d) -> (2, E) int64: each unit chooses the nearest ones. A unit whose position is not
    known (NaN) has none.

    Of equally near ones the lower unit is chosen.
    """
    # Not by matrix products, which lose what tells near places far from the origin apart.
    distance = torch.cdist(positions, positions, compute_mode="donot_use_mm_for_euclid_dist")
    return _edges(-distance.nan_to_num(torch.inf), neighbours)


def _edges(closeness: Tensor, neighbours: int) -> Tensor:
    """(K, K), -inf where there can be no edge."""
    others = closeness.clone().fill_diagonal_(-torch.inf)
    chosen = others.argsort(dim=1, descending=True, stable=True)[:, :neighbours]
    joined = torch.zeros_like(others, dtype=torch.bool).scatter_(
        1, chosen, others.gather(1, chosen).isfinite()
    )
    return (joined | joined.T).fill_diagonal_(True).nonzero().T.contiguous()
