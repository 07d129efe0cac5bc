"""Quantizers whose codes are moving averages: one codebook, stages of what was left over, and
groups of dimensions.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from raylab.config.quantizers import (
    CosineQuantizer,
    EmaQuantizer,
    GroupedResidualQuantizer,
    ResidualQuantizer,
)
from raylab.models.quantizers.base import Quantized, Quantizer, Share, vectors_of
from raylab.models.quantizers.choosing import through, unit
from raylab.models.quantizers.codebooks import MovingCodebooks
from raylab.seeding import derive

MovingConfig = EmaQuantizer | CosineQuantizer | ResidualQuantizer | GroupedResidualQuantizer


class MovingVQ(Quantizer):
    """G groups of dimensions with Q stages each; codebook g Q + q is stage q of group g.

    Loss: sum over codebooks of commitment * mean |x - e|^2 over vectors and dimensions. Gradients
    of stages add up, as in vector-quantize-pytorch: straight through, that of the values reaches x
    Q times.
    """

    def __init__(
        self,
        config: MovingConfig,
        *,
        dimension: int,
        seed: int,
        groups: int = 1,
        stages: int = 1,
        cosine: bool = False,
    ) -> None:
        super().__init__(dimension, (config.codes,) * (groups * stages))
        self.config, self.groups, self.cosine = config, groups, cosine
        self.stages = nn.ModuleList(
            MovingCodebooks(
                groups,
                config.codes,
                dimension // groups,
                decay=config.decay,
                revive_below=config.revive_below,
                cosine=cosine,
                seed=derive(seed, "quantizer", stage),
            )
            for stage in range(stages)
        )

    @property
    def _books(self) -> list[MovingCodebooks]:
        return cast(list[MovingCodebooks], list(self.stages))

    def quantize(self, x: Tensor, share: Share | None) -> Quantized:
        rows = self._grouped(unit(x) if self.cosine else x)
        if self.training and self.config.kmeans_start and not self._books[0].updates:
            self._start(rows.detach(), share)
        left, values, chosen, read, loss = rows, [], [], [], x.new_zeros(())
        for book in self._books:
            indices = book.choose(left.detach())
            codes = book.read(indices)
            values.append(through(left, codes, self.config.gradient))
            read.append(left.detach())
            loss = loss + functional.mse_loss(left, codes, reduction="sum")
            if len(read) < len(self.stages):
                left = left - codes
            chosen.append(indices)
        if self.training:
            self._update(read, chosen, share)
        scale = self.config.commitment * self.groups / (vectors_of(x, share) * self.dimension)
        return Quantized(self._joined(sum(values[1:], values[0])), _columns(chosen), loss * scale)

    def lookup(self, indices: Tensor) -> Tensor:
        at = indices.reshape(-1, self.groups, len(self.stages)).permute(2, 1, 0)
        return self._joined(
            torch.stack(
                [book.read(places) for book, places in zip(self._books, at, strict=True)]
            ).sum(0)
        )

    @torch.no_grad()
    def _start(self, left: Tensor, share: Share | None) -> None:
        for book in self._books:
            book.start(left, share)
            left = left - book.read(book.choose(left))

    @torch.no_grad()
    def _update(self, read: list[Tensor], chosen: list[Tensor], share: Share | None) -> None:
        """All stages after all have chosen: one call to the other workers a step."""
        books = self._books
        statistics = [
            book.statistics(x, indices)
            for book, x, indices in zip(books, read, chosen, strict=True)
        ]
        if share is not None:
            statistics = list(share.sum(torch.stack(statistics)))
        for book, x, of_book in zip(books, read, statistics, strict=True):
            book.update(of_book, x, share)

    def _grouped(self, x: Tensor) -> Tensor:
        """(n, D) -> (G, n, d)."""
        return (
            x.reshape(len(x), self.groups, self.dimension // self.groups)
            .transpose(0, 1)
            .contiguous()
        )

    def _joined(self, rows: Tensor) -> Tensor:
        """(G, n, d) -> (n, D)."""
        return rows.transpose(0, 1).reshape(-1, self.dimension)


def _columns(chosen: list[Tensor]) -> Tensor:
    """Q times (G, n) -> (n, G * Q)."""
    return torch.stack(chosen, -1).transpose(0, 1).flatten(1)


class EmaVQ(MovingVQ):
    """Codes are moving averages of what chose them (van den Oord, Vinyals & Kavukcuoglu 2017,
    appendix A.1).
    """

    def __init__(self, config: EmaQuantizer, *, dimension: int, seed: int) -> None:
        super().__init__(config, dimension=dimension, seed=seed)


class CosineVQ(MovingVQ):
    """Codes and what chooses them have length 1; the decoder reads directions (Yu et al. 2022,
    ViT-VQGAN).
    """

    def __init__(self, config: CosineQuantizer, *, dimension: int, seed: int) -> None:
        super().__init__(config, dimension=dimension, seed=seed, cosine=True)


class ResidualVQ(MovingVQ):
    """Each stage quantizes what the stages before it left over (Zeghidour et al. 2021, SoundStream,
    algorithm 1).
    """

    def __init__(self, config: ResidualQuantizer, *, dimension: int, seed: int) -> None:
        super().__init__(config, dimension=dimension, seed=seed, stages=config.stages)


class GroupedResidualVQ(MovingVQ):
    """Groups of dimensions with residual quantizers of their own (Yang et al. 2023, HiFi-Codec).

    Raises:
        ValueError: `dimension` is not divisible by `groups`.
    """

    def __init__(self, config: GroupedResidualQuantizer, *, dimension: int, seed: int) -> None:
        if dimension % config.groups:
            raise ValueError(f"dimension {dimension} is not divisible by groups {config.groups}")
        super().__init__(
            config, dimension=dimension, seed=seed, groups=config.groups, stages=config.stages
        )
