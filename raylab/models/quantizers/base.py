"""What every quantizer is: from vectors to codes, and to what the codes stand for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn


class Workers(Protocol):
    """What a quantizer asks of the other workers; `tasks.protocol.Comm` has it."""

    workers: int

    def gather_rows(self, rows: Tensor) -> Tensor: ...

    def sum_values(self, values: Tensor) -> Tensor: ...


@dataclass(frozen=True)
class Share:
    """Which of a step's vectors this process holds, where several work on one step.

    Attributes:
        total: Vectors of the step, over all workers.
        places: (n,) int64 places of those held here among them; each place is held by one worker.
    """

    workers: Workers
    total: int
    places: Tensor

    def sum(self, values: Tensor) -> Tensor:
        """Over all workers, without gradient."""
        return self.workers.sum_values(values)

    def sum_with_gradient(self, rows: Tensor) -> Tensor:
        """(R, D) over all workers; each worker's gradient of the sum finds its way back to all of
        them.
        """
        return self.workers.gather_rows(rows)


class Quantized(NamedTuple):
    """
    Attributes:
        values: (n, D) what the decoder reads: the codes' vectors, through which the gradient
            reaches the input.
        indices: (n, codebooks) int64.
        loss: What the quantizer adds to the loss, weighted. Of several workers' shares, the sum is
            the loss of one.
    """

    values: Tensor
    indices: Tensor
    loss: Tensor


class Quantizer(nn.Module, ABC):
    """Vectors (n, D) to codes. docs/extending.md shows how to add a quantizer.

    Attributes:
        dimension: D.
        sizes: Codes in each codebook.
    """

    def __init__(self, dimension: int, sizes: tuple[int, ...]) -> None:
        super().__init__()
        self.dimension, self.sizes = dimension, sizes

    def forward(self, x: Tensor, share: Share | None = None) -> Quantized:
        """(n, D) -> codes. In training, codebooks that follow averages move after the codes were
        chosen.

        In float32 also under autocast: distances of near vectors are differences of large numbers.
        """
        with torch.autocast(x.device.type, enabled=False):
            return self.quantize(x.float(), share)

    @abstractmethod
    def quantize(self, x: Tensor, share: Share | None) -> Quantized:
        """What `forward` is, of float32 vectors."""

    @abstractmethod
    def lookup(self, indices: Tensor) -> Tensor:
        """(n, codebooks) -> (n, D): what codes stand for; equals `values` of the vectors that chose
        them.
        """


def vectors_of(x: Tensor, share: Share | None) -> int:
    """Vectors of the step, over all workers: what means are taken over."""
    return len(x) if share is None else share.total
