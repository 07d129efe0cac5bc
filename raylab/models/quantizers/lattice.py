"""Quantizers without a codebook: a few dimensions, each rounded on its own."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from raylab.config.quantizers import FsqQuantizer, LfqQuantizer
from raylab.models.quantizers.base import Quantized, Quantizer, Share, vectors_of
from raylab.models.quantizers.choosing import through

MARGIN = 1e-3  # of the outermost levels, so that rounding reaches them
RAREST = 1e-5  # probabilities below count as this in logarithms, as in vector-quantize-pytorch


class _Lattice(Quantizer):
    """Linear maps into the few dimensions and back, as in vector-quantize-pytorch; none where there
    are D of them.
    """

    def __init__(self, dimension: int, rounded: int, codes: int) -> None:
        super().__init__(dimension, (codes,))
        self.into: nn.Module = (
            nn.Identity() if rounded == dimension else nn.Linear(dimension, rounded)
        )
        self.back: nn.Module = (
            nn.Identity() if rounded == dimension else nn.Linear(rounded, dimension)
        )


class FSQ(_Lattice):
    """Each dimension is bounded and rounded to its L levels (Mentzer et al. 2024, appendix A.1),
    straight through.

    round(tanh(z + shift) * half - offset) / (L // 2), so in [-1, 1]. It adds nothing to the loss.
    """

    levels: Tensor
    basis: Tensor

    def __init__(self, config: FsqQuantizer, *, dimension: int, seed: int) -> None:
        levels = config.levels
        super().__init__(dimension, len(levels), math.prod(levels))
        basis = [math.prod(levels[:at]) for at in range(len(levels))]
        self.register_buffer("levels", torch.tensor(levels), persistent=False)
        self.register_buffer("basis", torch.tensor(basis), persistent=False)

    def quantize(self, x: Tensor, share: Share | None) -> Quantized:
        bounded = self._bound(self.into(x))
        rounded = through(bounded, bounded.detach().round(), "straight_through")
        width = self.levels // 2
        indices = ((rounded.detach().long() + width) * self.basis).sum(1, keepdim=True)
        return Quantized(self.back(rounded / width), indices, x.new_zeros(()))

    def lookup(self, indices: Tensor) -> Tensor:
        width = self.levels // 2
        values: Tensor = self.back((indices // self.basis % self.levels - width) / width)
        return values

    def _bound(self, z: Tensor) -> Tensor:
        half = (self.levels - 1) * (1 + MARGIN) / 2
        offset = torch.where(self.levels % 2 == 0, 0.5, 0.0)
        return torch.tanh(z + torch.atanh(offset / half)) * half - offset


class LFQ(_Lattice):
    """z -> sign(z), and an entropy that keeps all codes in use (Yu et al. 2024, MAGVIT-v2,
    equations 3 to 5).

    Loss: commitment * mean |z - sign(z)|^2 + entropy_weight * (mean entropy of each choice -
    diversity * entropy of the mean choice), a choice being softmax(2 * inverse_temperature * z.c)
    over all codes c.
    """

    signs: Tensor
    basis: Tensor

    def __init__(self, config: LfqQuantizer, *, dimension: int, seed: int) -> None:
        super().__init__(dimension, config.bits, 2**config.bits)
        self.config = config
        basis = 2 ** torch.arange(config.bits - 1, -1, -1)
        self.register_buffer("basis", basis, persistent=False)
        self.register_buffer(
            "signs", self._signs(torch.arange(2**config.bits)[:, None]), persistent=False
        )

    def quantize(self, x: Tensor, share: Share | None) -> Quantized:
        z = self.into(x)
        codes = torch.where(z.detach() > 0, 1.0, -1.0)
        indices = ((codes > 0) * self.basis).sum(1, keepdim=True)
        commit = functional.mse_loss(z, codes, reduction="sum") / (
            vectors_of(x, share) * self.config.bits
        )
        loss = self.config.commitment * commit
        if self.config.entropy_weight:
            loss = loss + self.config.entropy_weight * self._entropy(z, share)
        return Quantized(self.back(through(z, codes, self.config.gradient)), indices, loss)

    def lookup(self, indices: Tensor) -> Tensor:
        values: Tensor = self.back(self._signs(indices))
        return values

    def _signs(self, indices: Tensor) -> Tensor:
        return torch.where((indices & self.basis) != 0, 1.0, -1.0)

    def _entropy(self, z: Tensor, share: Share | None) -> Tensor:
        """This worker's part: entropies of its choices, and an even share of that of all
        choices.
        """
        total = vectors_of(z, share)
        choice = (2 * self.config.inverse_temperature * z @ self.signs.t()).softmax(-1)
        mean, workers = choice.sum(0, keepdim=True) / total, 1
        if share is not None:
            mean, workers = share.sum_with_gradient(mean), share.workers.workers
        return (
            _entropy(choice).sum() / total - self.config.diversity * _entropy(mean).sum() / workers
        )


def _entropy(p: Tensor) -> Tensor:
    """(..., K) -> (...) nats."""
    return -(p * p.clamp(min=RAREST).log()).sum(-1)
