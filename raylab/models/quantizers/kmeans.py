"""Clusters of one batch, of which each worker may hold a share."""

from __future__ import annotations

import torch
from torch import Tensor

from raylab.models.quantizers.base import Share, vectors_of
from raylab.models.quantizers.choosing import most_similar, nearest, unit
from raylab.seeding import derive

ITERATIONS = 100  # of Lloyd's step, at most; it ends where nothing moves


def assign(x: Tensor, codes: Tensor, *, cosine: bool) -> Tensor:
    """(G, n, d), (G, K, d) -> (G, n) int64; a product a group, which on CPUs is faster than a
    batched one.
    """
    choose = most_similar if cosine else nearest
    return torch.stack([choose(rows, book) for rows, book in zip(x, codes, strict=True)])


def statistics(x: Tensor, indices: Tensor, codes: int) -> Tensor:
    """(G, n, d), (G, n) -> (G * codes * (d + 1),): sums of what chose each code, then how many did.

    Flat, so that workers sum both in one call and each part is contiguous; `parted` takes it apart.
    """
    groups, _, d = x.shape
    flat = (indices + codes * torch.arange(groups, device=x.device)[:, None]).reshape(-1)
    flat_statistics = x.new_zeros(groups * codes * (d + 1))
    sums, counts = flat_statistics.split([groups * codes * d, groups * codes])
    sums.view(-1, d).index_add_(0, flat, x.reshape(-1, d))
    counts.copy_(torch.bincount(flat, minlength=groups * codes))
    return flat_statistics


def parted(flat_statistics: Tensor, like: Tensor) -> tuple[Tensor, Tensor]:
    """What `statistics` says of codes `like` (G, K, d) -> (G, K, d) sums and (G, K) counts."""
    sums, counts = flat_statistics.split([like.numel(), like[..., 0].numel()])
    return sums.view_as(like), counts.view(like.shape[:2])


def lloyd(
    x: Tensor, start: Tensor, *, cosine: bool = False, share: Share | None = None
) -> tuple[Tensor, Tensor]:
    """k-means from given means (Lloyd 1982); with `cosine`, means are of length 1 (Dhillon & Modha
    2001).

    Sums are of all workers, so every worker ends with the same bits. A mean that nothing chose
    stays.

    Args:
        x: (G, n, d), G sets of vectors.
        start: (G, K, d).

    Returns:
        (G, K, d) means, and (G, K) how many vectors each has.
    """
    means, counts = start, x.new_zeros(start.shape[:2])
    for _ in range(ITERATIONS):
        of_batch = statistics(x, assign(x, means, cosine=cosine), start.shape[1])
        sums, counts = parted(of_batch if share is None else share.sum(of_batch), means)
        moved = sums / counts.clamp(min=1)[..., None]
        moved = torch.where(counts[..., None] > 0, unit(moved) if cosine else moved, means)
        if torch.equal(moved, means):
            break
        means = moved
    return means, counts


def drawn(
    x: Tensor, groups: Tensor, ranks: Tensor, *, seed: int, updates: int, share: Share | None
) -> Tensor:
    """Vectors of the batch, without replacement while there are enough; pure in (seed, updates).

    Drawn by torch's CPU generator whatever the device, over the places of the whole step: all
    workers draw the same.

    Args:
        x: (G, n, d).
        groups: (m,) of which group.
        ranks: (m,) which of the group's draws.

    Returns:
        (m, d), the same on all workers.
    """
    total = vectors_of(x[0], share)
    order = torch.randperm(
        total, generator=torch.Generator().manual_seed(derive(seed, updates))
    ).to(x.device)
    places = order[ranks % total]
    if share is None:
        return x[groups, places]
    local = torch.full((total,), -1, device=x.device)
    local[share.places] = torch.arange(len(share.places), device=x.device)
    at = local[places]
    here = at >= 0
    vectors = x.new_zeros(len(at), x.shape[-1])
    vectors[here] = x[groups[here], at[here]]
    return share.sum(vectors)
