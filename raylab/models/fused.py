"""The contrastive training step differentiated by hand: the loss and every gradient in one pass, without autograd.

Equal to `encoders.py` and `losses.py` under autograd (tests/unit/test_fused.py). Those stay what is read, and what
runs for any other encoder, device, precision or number of workers.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from raylab.models.byhand import ENCODERS, Network
from raylab.models.encoders import Encoder
from raylab.models.losses import InfoNCE, value_and_gradients


class FusedLoss:
    """InfoNCE of one session's encoder, on the CPU in float32. It owns the buffers of its steps: one a session.

    Args:
        encoder: One that `supports`. Its parameters are read anew at every call.
        criterion: The loss, whose temperature may be learnt.
    """

    def __init__(self, encoder: Encoder, criterion: InfoNCE) -> None:
        self.encoder, self.criterion = encoder, criterion
        self.network = Network(encoder)
        self.parameters = [*self.network.parameters, *criterion.parameters()]
        self._offsets = torch.arange(encoder.width)[:, None]
        self._frames = torch.empty(0)

    @staticmethod
    def supports(encoder: Encoder) -> bool:
        return type(encoder) in ENCODERS

    def windows(self, x: Tensor, first: Tensor) -> Tensor:
        """(T, N) and the (B,) first rows of windows -> (B, width, N), time-major in memory.

        May be changed in place; the next call overwrites it.
        """
        rows = (self._offsets + first).flatten()
        if len(self._frames) != len(rows):
            self._frames = x.new_empty(len(rows), x.shape[1])
        torch.index_select(x, 0, rows, out=self._frames)
        return self._frames.view(self.encoder.width, len(first), -1).transpose(0, 1)

    def of_windows(self, windows: Tensor) -> Tensor:
        """(3B, width, N), the windows of B references, their positives and B negatives -> scalar loss."""
        value: Tensor = _Pass.apply(self, windows.transpose(0, 1), None, *self.parameters)
        return value

    def of_recording(self, x: Tensor, first: Tensor) -> Tensor:
        """The same from (T, N) and the (3B,) first rows of the windows: every sample is embedded once, as one window
        as wide as the recording, and the rows of the step are picked from that."""
        value: Tensor = _Pass.apply(self, x[:, None], first, *self.parameters)
        return value

    def prefers_recording(self, samples: int, windows: int) -> bool:
        """Whether so many windows overlap so much that embedding every sample once is less work."""
        work = self.network.multiplications
        return work(samples, 1) < work(self.encoder.width, windows)

    def run(self, x: Tensor, first: Tensor | None) -> tuple[Tensor, list[Tensor]]:
        """(width, B, N) -> the loss and the gradients of `parameters`."""
        found = self.network.forward(x)
        raw = found if first is None else found.index_select(0, first)
        value, gradient, of_criterion = self._score(raw)
        if first is not None:
            gradient = torch.zeros_like(found).index_add_(0, first, gradient)
        return value, self.network.backward(gradient) + of_criterion

    def _score(self, raw: Tensor) -> tuple[Tensor, Tensor, list[Tensor]]:
        """(3B, D) before normalisation -> loss, its gradient there, and those of the criterion's parameters."""
        if not self.encoder.normalize:
            return value_and_gradients(self.criterion, *raw.chunk(3))
        length = torch.linalg.vector_norm(raw, dim=1, keepdim=True)
        length.masked_fill_(length <= 1e-12, 1.0)  # as `on_sphere`: a zero row stays zero
        unit = raw / length
        value, gradient, of_criterion = value_and_gradients(self.criterion, *unit.chunk(3))
        along = (unit * gradient).sum(1, keepdim=True)
        return value, gradient.addcmul_(unit, along, value=-1).div_(length), of_criterion


class _Pass(torch.autograd.Function):
    """Loss and gradients at once; backward hands the gradients out. They are this pass's own tensors, so that another
    pass before `backward` (a second session) leaves them as they are."""

    @staticmethod
    def forward(ctx: Any, fused: FusedLoss, x: Tensor, first: Tensor | None, *parameters: Tensor) -> Tensor:
        value, ctx.gradients = fused.run(x, first)
        return value

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, scale: Tensor) -> tuple[Tensor | None, ...]:
        return (None, None, None, *torch._foreach_mul(ctx.gradients, scale))
