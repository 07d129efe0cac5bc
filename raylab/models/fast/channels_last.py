"""The operations of `models/rows.py`, faster on CPUs: channels come last in memory, too.

Windows (B, L, C) of activity and vectors that are quantized lie in memory like this. Seen as images
(B, C, 1, L) with channels last, which needs no copy, oneDNN's convolutions are fastest at them.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from raylab.models.fast.winograd import convolve_by_points
from raylab.models.fast.winograd_points import scheme
from raylab.models.rows import RowOperations

ERRORS_AT_ONCE = 1 << 19  # numbers
NARROWEST = 32  # channels: of fewer, products cost less than what points need around them


class ChannelsLast(RowOperations):
    """The operations of `models/rows.py`, by the functions below."""

    def convolve(self, x: Tensor, layer: nn.Conv1d) -> Tensor:
        return convolve(x, layer)

    def convolve_transposed(self, x: Tensor, layer: nn.ConvTranspose1d, length: int) -> Tensor:
        return convolve_transposed(x, layer, length)

    def normalize(self, x: Tensor, layer: nn.GroupNorm) -> Tensor:
        return _rows(layer(_images(x)))

    def squared_error(self, x: Tensor, layer: nn.Conv1d, target: Tensor) -> Tensor:
        return squared_error(x, layer, target)


def convolve(x: Tensor, layer: nn.Conv1d) -> Tensor:
    """(B, L, C) -> (B, L', O) of a convolution that pads so that L' is L / stride, rounded up."""
    assert layer.bias is not None
    return _convolved(x, layer.weight, layer.bias, stride=layer.stride[0])


def convolve_transposed(x: Tensor, layer: nn.ConvTranspose1d, length: int) -> Tensor:
    """(B, L, C) -> (B, length, O)."""
    (taps,), (stride,), padding = layer.kernel_size, layer.stride, layer.kernel_size[0] // 2
    more = length - ((x.shape[1] - 1) * stride - 2 * padding + taps)
    outputs = functional.conv_transpose2d(
        _images(x),
        layer.weight.unsqueeze(2),
        layer.bias,
        stride=(1, stride),
        padding=(0, padding),
        output_padding=(0, more),
    )
    return _rows(outputs)


def squared_error(x: Tensor, layer: nn.Conv1d, target: Tensor) -> Tensor:
    """Sum of (convolve(x, layer) - target) ** 2, over the first K outputs of a layer that has more.

    On CPUs some windows at a time, their gradients at once: what is compared is the largest thing
    of a step, and then never leaves the cache.

    Args:
        layer: Of stride 1.
        target: (B, L, K).
    """
    units = target.shape[2]
    assert layer.bias is not None
    if not (_on_cpu(x) and torch.is_grad_enabled() and x.numel()):
        outputs = convolve(x, layer)[..., :units]
        return functional.mse_loss(outputs.float(), target, reduction="sum")
    parameters: list[Tensor] = [layer.weight, layer.bias]
    if units < len(layer.bias):  # else no slices: their gradients would be copies
        parameters = [each[:units] for each in parameters]
    error: Tensor = _SquaredError.apply(x.contiguous(), *parameters, target)
    return error


class _SquaredError(torch.autograd.Function):
    """The way forward finds the gradients; the way back scales them."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, target: Tensor) -> Tensor:
        error, of_x = x.new_zeros(()), torch.empty_like(x)
        of_layer: list[list[Tensor]] = []
        windows = max(1, ERRORS_AT_ONCE // target[0].numel())
        for some, wanted, of_some in zip(
            x.split(windows), target.split(windows), of_x.split(windows)
        ):
            leaves = [each.detach().requires_grad_() for each in (some, weight, bias)]
            with torch.enable_grad():
                rebuilt = _convolved(*leaves, stride=1)
            missed = rebuilt.detach().sub_(wanted)
            error += missed.flatten().dot(missed.flatten())
            of_windows, *gradients = torch.autograd.grad(rebuilt, leaves, missed.mul_(2))
            of_some.copy_(of_windows)
            of_layer.append(gradients)
        of_weight, of_bias = (torch.stack(each).sum(0) for each in zip(*of_layer))
        ctx.save_for_backward(of_x, of_weight, of_bias)
        return error

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, scale: Tensor) -> tuple[Tensor | None, ...]:
        return (*(each * scale for each in ctx.saved_tensors), None)


def _convolved(x: Tensor, weight: Tensor, bias: Tensor, *, stride: int) -> Tensor:
    outputs, inputs, taps = weight.shape
    if taps == stride == 1:
        return functional.linear(x, weight.squeeze(2), bias)
    if (
        stride == 1
        and min(inputs, outputs) >= NARROWEST
        and scheme(taps).saves
        and _on_cpu(x)
        and x.numel()
    ):
        return convolve_by_points(x, weight, bias)
    weight, padding = weight.unsqueeze(2), (0, taps // 2)
    return _rows(functional.conv2d(_images(x), weight, bias, stride=(1, stride), padding=padding))


def _on_cpu(x: Tensor) -> bool:
    return (
        x.device.type == "cpu" and x.dtype == torch.float32 and not torch.is_autocast_enabled("cpu")
    )


def _images(x: Tensor) -> Tensor:
    """(B, L, C) -> (B, C, 1, L), channels last in memory."""
    return x.contiguous().transpose(1, 2).unsqueeze(2)


def _rows(images: Tensor) -> Tensor:
    """(B, C, 1, L) -> (B, L, C), without a copy where channels are last."""
    return images.squeeze(2).transpose(1, 2)
