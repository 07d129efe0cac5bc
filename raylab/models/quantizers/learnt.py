"""Quantizers whose codes are learnt by gradient."""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional

from raylab.config.quantizers import Gradient, PlainQuantizer, SimVqQuantizer
from raylab.models.quantizers.base import Quantized, Quantizer, Share, vectors_of
from raylab.models.quantizers.choosing import nearest, through


class _LearntVQ(Quantizer):
    """Loss: codebook_weight * mean |sg(x) - e|^2 + commitment * mean |x - sg(e)|^2, over vectors
    and dimensions.
    """

    def __init__(self, config: PlainQuantizer | SimVqQuantizer, *, dimension: int) -> None:
        super().__init__(dimension, (config.codes,))
        self.gradient: Gradient = config.gradient
        self.commitment, self.codebook_weight = config.commitment, config.codebook_weight

    @abstractmethod
    def codebook(self) -> Tensor:
        """(K, D), differentiable."""

    def quantize(self, x: Tensor, share: Share | None) -> Quantized:
        book = self.codebook()
        indices = nearest(x, book)
        codes = book.index_select(0, indices)
        pull = functional.mse_loss(codes, x.detach(), reduction="sum")
        commit = functional.mse_loss(x, codes.detach(), reduction="sum")
        loss = (self.codebook_weight * pull + self.commitment * commit) / (
            vectors_of(x, share) * self.dimension
        )
        return Quantized(through(x, codes, self.gradient), indices[:, None], loss)

    def lookup(self, indices: Tensor) -> Tensor:
        return self.codebook().index_select(0, indices[:, 0])


class PlainVQ(_LearntVQ):
    """Codes are parameters, pulled to what chose them (van den Oord, Vinyals & Kavukcuoglu 2017,
    equation 3).
    """

    def __init__(self, config: PlainQuantizer, *, dimension: int, seed: int) -> None:
        super().__init__(config, dimension=dimension)
        self.codes = nn.Parameter(torch.empty(config.codes, dimension))
        nn.init.kaiming_uniform_(self.codes)

    def codebook(self) -> Tensor:
        return self.codes


class SimVQ(_LearntVQ):
    """Fixed Gaussian codes that one learnt linear map moves as a whole, the unused ones too (Zhu et
    al. 2024).
    """

    fixed: Tensor

    def __init__(self, config: SimVqQuantizer, *, dimension: int, seed: int) -> None:
        super().__init__(config, dimension=dimension)
        self.register_buffer("fixed", torch.randn(config.codes, dimension) * dimension**-0.5)
        self.map = nn.Linear(dimension, dimension, bias=False)

    def codebook(self) -> Tensor:
        moved: Tensor = self.map(self.fixed)
        return moved
