"""Codebooks that follow moving averages of what chose them: their buffers, start, update and
revival.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from raylab.models.quantizers.base import Share
from raylab.models.quantizers.choosing import unit
from raylab.models.quantizers.kmeans import assign, drawn, lloyd, parted, statistics
from raylab.seeding import derive

SMOOTHING = (
    1e-5  # of the counts (Laplace), as in Sonnet's VectorQuantizerEMA and vector-quantize-pytorch
)


class MovingCodebooks(nn.Module):
    """G codebooks side by side, of K codes of d dimensions each (van den Oord et al. 2017, appendix
    A.1).

    Everything that an update reads is a buffer or given here, so a state_dict is a checkpoint.

    Attributes:
        codes: (G, K, d).
        counts: (G, K) moving average of how many vectors a step choose each code.
        sums: (G, K, d) moving average of their sum.
        updates: () int64 so many steps moved the codes.
    """

    codes: Tensor
    counts: Tensor
    sums: Tensor
    updates: Tensor

    def __init__(
        self,
        groups: int,
        codes: int,
        dimension: int,
        *,
        decay: float,
        revive_below: float,
        cosine: bool,
        seed: int,
    ) -> None:
        super().__init__()
        self.decay, self.revive_below, self.cosine, self.seed = decay, revive_below, cosine, seed
        start = torch.empty(groups, codes, dimension)
        nn.init.kaiming_uniform_(start)
        self.register_buffer("codes", unit(start) if cosine else start)
        self.register_buffer("counts", torch.ones(groups, codes))
        self.register_buffer("sums", self.codes.clone())
        self.register_buffer("updates", torch.zeros((), dtype=torch.int64))

    def choose(self, x: Tensor) -> Tensor:
        """(G, n, d) -> (G, n) int64."""
        return assign(x, self.codes, cosine=self.cosine)

    def read(self, indices: Tensor) -> Tensor:
        """(G, n) -> (G, n, d)."""
        groups, codes, d = self.codes.shape
        flat = indices + codes * torch.arange(groups, device=indices.device)[:, None]
        return self.codes.view(-1, d).index_select(0, flat.reshape(-1)).view(*indices.shape, d)

    def statistics(self, x: Tensor, indices: Tensor) -> Tensor:
        """(G, n, d), (G, n) -> what `update` reads, of this worker's vectors; to be summed over
        workers.
        """
        return statistics(x, indices, self.codes.shape[1])

    def start(self, x: Tensor, share: Share | None) -> None:
        """The first codes: clusters of the first batch."""
        groups, codes, _ = self.codes.shape
        ranks = torch.arange(codes, device=x.device).expand(groups, codes)
        of = torch.arange(groups, device=x.device)[:, None].expand(groups, codes)
        seed = derive(self.seed, "start")
        picked = drawn(x, of.reshape(-1), ranks.reshape(-1), seed=seed, updates=0, share=share)
        means, counts = lloyd(x, picked.view_as(self.codes), cosine=self.cosine, share=share)
        self.codes.copy_(means)
        self.counts.copy_(counts)
        self.sums.copy_(means * counts[..., None])

    def update(self, statistics: Tensor, x: Tensor, share: Share | None) -> None:
        """Move the codes by the statistics of all workers' vectors; `x` (G, n, d) is what codes are
        revived from.
        """
        sums, counts = parted(statistics, self.codes)
        self.counts.lerp_(counts, 1 - self.decay)
        self.sums.lerp_(sums, 1 - self.decay)
        total = self.counts.sum(1, keepdim=True)
        smooth = (self.counts + SMOOTHING) / (total + self.counts.shape[1] * SMOOTHING) * total
        torch.div(self.sums, smooth[..., None], out=self.codes)
        if self.cosine:
            self.codes.copy_(unit(self.codes))
        if self.revive_below:
            self._revive(x, share)
        self.updates += 1

    def _revive(self, x: Tensor, share: Share | None) -> None:
        """Codes that too few choose become vectors of the batch (Dhariwal et al. 2020, Jukebox;
        Zeghidour et al. 2021).

        `counts` are sums over workers, so all of them come to the same decision, and call one
        another or do not.
        """
        dead = self.counts < self.revive_below
        if not dead.any():
            return
        groups, at = dead.nonzero(as_tuple=True)
        ranks = dead.cumsum(1)[groups, at] - 1
        seed = derive(self.seed, "revive")
        revived = drawn(x, groups, ranks, seed=seed, updates=int(self.updates), share=share)
        self.codes[groups, at] = revived
        self.counts[groups, at] = self.revive_below
        self.sums[groups, at] = revived * self.revive_below
