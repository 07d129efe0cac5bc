"""The contrastive training step differentiated by hand: the loss and every gradient in one pass,
without autograd.

Equal to `encoders.py`, `losses.py` and `objectives.py` under autograd (tests/unit/test_fused.py).
Those stay what is read, and what runs for any other encoder, device or precision. Of several
workers each runs its encoders by hand (`fused_embedding`) and the loss, which sees all workers'
rows, under autograd.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from raylab.models.base import Encoder
from raylab.models.fast.encoder_gradients import ENCODERS, KEPT, Network
from raylab.models.objectives import Layout, Objectives, through_length, unit_rows

UNIT = 1.001  # the length of a normalised embedding, rounding included


class FusedEncoder:
    """One session's encoder, on the CPU in float32. It owns the buffers of its steps.

    Args:
        encoder: One that `supports`. Its parameters are read anew at every call.
        units: Of the session, where the encoder is shared and may be wider.
    """

    def __init__(self, encoder: Encoder, units: int | None = None) -> None:
        self.encoder = encoder
        self.network = Network(encoder, units)
        self._offsets = torch.arange(encoder.width)[:, None]
        self._frames: dict[int, Tensor] = {}  # by rows

    @staticmethod
    def supports(encoder: Encoder) -> bool:
        return type(encoder) in ENCODERS

    def windows(self, x: Tensor, first: Tensor) -> Tensor:
        """(T, N) and the (B,) first rows of windows -> (B, width, N), time-major in memory.

        May be changed in place; the next call overwrites it.
        """
        rows = (self._offsets + first).flatten()
        if len(rows) not in self._frames:
            if len(self._frames) == KEPT:
                self._frames.clear()
            self._frames[len(rows)] = x.new_empty(len(rows), x.shape[1])
        frames = torch.index_select(x, 0, rows, out=self._frames[len(rows)])
        return frames.view(self.encoder.width, len(first), -1).transpose(0, 1)

    def of_windows(self, windows: Tensor) -> EncoderBatch:
        """Of (R, width, N) windows."""
        return EncoderBatch(self, windows.transpose(0, 1), None)

    def of_recording(self, x: Tensor, first: Tensor) -> EncoderBatch:
        """Of the windows of (T, N) that begin at the (R,) rows `first`: every sample is embedded
        once, as one window as wide as the recording, and the rows of the step are picked from that.
        """
        return EncoderBatch(self, x[:, None], first)

    def prefers_recording(self, samples: int, windows: int) -> bool:
        """Whether so many windows overlap so much that embedding every sample once is less work."""
        work = self.network.multiplications
        return work(samples, 1) < work(self.encoder.width, windows)


@dataclass
class EncoderBatch:
    """What an encoder is shown at a step: (width, R, N) windows, or one as wide as the recording
    and the R rows wanted of it.
    """

    by: FusedEncoder
    x: Tensor
    first: Tensor | None
    _samples: torch.Size = field(init=False)  # what `forward` leaves for `backward`
    _unit: Tensor = field(init=False)
    _length: Tensor = field(init=False)

    def forward(self) -> Tensor:
        """(R, D) embeddings."""
        outputs = self.by.network.forward(self.x)
        self._samples = outputs.shape
        raw = outputs if self.first is None else outputs.index_select(0, self.first)
        if not self.by.encoder.normalize:
            return raw
        self._unit, self._length = unit_rows(raw)
        return self._unit

    def backward(self, gradient: Tensor) -> list[Tensor]:
        """(R, D) -> gradients of the network's parameters."""
        if self.by.encoder.normalize:
            gradient = through_length(gradient, self._unit, self._length)
        if self.first is not None:
            gradient = gradient.new_zeros(self._samples).index_add_(0, self.first, gradient)
        return self.by.network.backward(gradient)


def fused_loss(batches: Sequence[EncoderBatch], objectives: Objectives, layout: Layout) -> Tensor:
    """The loss of sessions that are scored together, laid out one after the other; one `backward`
    gives all gradients.

    No encoder may be in `batches` twice; one that sessions share has a FusedEncoder for each.
    """
    value: Tensor = _Pass.apply(batches, objectives, layout, *_parameters(batches, objectives))
    return value


def add_gradients(
    batches: Sequence[EncoderBatch], objectives: Objectives, layout: Layout, *, weight: float = 1.0
) -> Tensor:
    """`fused_loss`, without a graph: its gradients times `weight` are added to `grad` of the
    parameters, as `backward` would. At small batches autograd's engine takes as long as the
    products.
    """
    with torch.no_grad():
        value, gradients = _value_and_gradients(batches, objectives, layout)
        sums: list[Tensor] = []
        terms: list[Tensor] = []
        for p, gradient in zip(_parameters(batches, objectives), gradients):
            if p.requires_grad:
                p.grad = torch.zeros_like(p) if p.grad is None else p.grad
                sums.append(p.grad)
                terms.append(gradient)
        torch._foreach_add_(sums, terms, alpha=weight)
    return value


def fused_embedding(batch: EncoderBatch) -> Tensor:
    """(R, D) embeddings under autograd. `backward` has to come before the encoder's next pass."""
    embedding: Tensor = _Embedding.apply(batch, *batch.by.network.parameters)
    return embedding


def _parameters(batches: Sequence[EncoderBatch], objectives: Objectives) -> list[Tensor]:
    return [p for batch in batches for p in batch.by.network.parameters] + list(
        objectives.criterion.parameters()
    )


def _value_and_gradients(
    batches: Sequence[EncoderBatch], objectives: Objectives, layout: Layout
) -> tuple[Tensor, list[Tensor]]:
    """The loss, and the gradients of `_parameters`, which are of the encoders: the next pass
    overwrites them.
    """
    parts = [batch.forward() for batch in batches]
    z = parts[0] if len(parts) == 1 else torch.cat(parts)
    longest = UNIT if all(batch.by.encoder.normalize for batch in batches) else None
    value, gradient, of_criterion = objectives.value_and_gradients(z, layout, longest=longest)
    of_encoders = [
        batch.backward(part) for batch, part in zip(batches, gradient.split(layout.rows))
    ]
    return value, [gradient for encoder in of_encoders for gradient in encoder] + of_criterion


class _Pass(torch.autograd.Function):
    """Loss and gradients at once; backward hands the gradients out."""

    @staticmethod
    def forward(
        ctx: Any,
        batches: Sequence[EncoderBatch],
        objectives: Objectives,
        layout: Layout,
        *parameters: Tensor,
    ) -> Tensor:
        value, gradients = _value_and_gradients(batches, objectives, layout)
        ctx.gradients = [
            gradient.clone() for gradient in gradients
        ]  # another pass may come before `backward`
        return value

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, scale: Tensor) -> tuple[Tensor | None, ...]:
        gradients = ctx.gradients
        if float(scale) != 1:
            gradients = torch._foreach_mul(gradients, scale)
        return (None, None, None, *gradients)


class _Embedding(torch.autograd.Function):
    """One encoder's part of a graph."""

    @staticmethod
    def forward(ctx: Any, batch: EncoderBatch, *parameters: Tensor) -> Tensor:
        ctx.batch = batch
        return batch.forward().clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        gradients = ctx.batch.backward(gradient.clone())  # it changes its argument in place
        return (None, *(each.clone() for each in gradients))
