"""Encoders forwards and backwards without autograd.

Activations are time-major, (width, B, C), which is a channels-last image of height `width` and B columns: a convolution
over time is then one `conv2d` that copies nothing, and the rows that its tap j sees are contiguous. A linear layer has
one tap. oneDNN, which torch uses for convolutions, is twice as fast here as the BLAS behind matrix products.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from raylab.models.encoders import ConvEncoder, Encoder, LinearEncoder, SampleEncoder, Skip

ENCODERS = (ConvEncoder, SampleEncoder, LinearEncoder)


class Network:
    """One of ENCODERS, without its normalisation. `backward` follows the `forward` it belongs to.

    Args:
        units: Columns of the input where the encoder is shared and wider: its further weights then get no gradient.

    Attributes:
        parameters: Weight and bias of each layer, in the encoder's order.
    """

    def __init__(self, encoder: Encoder, units: int | None = None) -> None:
        first, *others = _layers(encoder)
        missing = 0 if units is None else encoder.units - units
        self.layers = [replace(first, missing=missing), *others]
        self.parameters = [p for layer in self.layers for p in (layer.weight, layer.bias)]
        self._sizes = [(layer.taps, layer.weight.numel()) for layer in self.layers]
        self._passes: list[_Pass] = []

    def multiplications(self, width: int, count: int) -> int:
        """Of a forward pass over so many windows of this width."""
        total = 0
        for taps, size in self._sizes:
            width -= taps - 1
            total += width * count * size
        return total

    def forward(self, x: Tensor) -> Tensor:
        """(width, B, N) -> (outputs * B, D). To be called without autograd."""
        image = _image(x)
        self._passes = []
        for layer in self.layers:
            self._passes.append(_Pass(layer, image))
            image = self._passes[-1].output
        return _rows(image)

    def backward(self, gradient: Tensor) -> list[Tensor]:
        """(outputs * B, D) -> gradients of `parameters`."""
        found: list[Tensor] = []
        last = self._passes[-1].output
        image = _image(gradient.view(*last.shape[2:], -1))
        while self._passes:  # an activation goes when it has had its last use
            step = self._passes.pop()
            sums = step.sums_gradient(image)
            found[:0] = step.parameter_gradients(sums)
            if self._passes:
                image = step.input_gradient(sums, image)
        return found


@dataclass(frozen=True)
class _Layer:
    """y[t] = act(sum_j W_j x[t + j] + b), plus x[t + 1] in a residual block of three taps.

    x lacks the last `missing` of the columns that there are weights for.
    """

    weight: Tensor
    bias: Tensor
    taps: int = 1
    gelu: bool = False
    skip: bool = False
    missing: int = 0

    def kernel(self) -> Tensor:
        """(O, C - missing, taps, 1), from (O, C, taps) of a convolution or (O, taps * C) of a linear layer."""
        if self.weight.dim() == 3:
            whole = self.weight[..., None]
        else:
            whole = self.weight.unflatten(1, (self.taps, -1)).transpose(1, 2)[..., None]
        return whole[:, : whole.shape[1] - self.missing]

    def as_weight(self, by_tap: Tensor) -> Tensor:
        """(taps, O, C - missing) in the shape of `weight`, zero where there was no input."""
        by_tap = functional.pad(by_tap, (0, self.missing)) if self.missing else by_tap
        return by_tap.permute(1, 2, 0) if self.weight.dim() == 3 else by_tap.transpose(0, 1).flatten(1)


class _Pass:
    """One layer on one (1, C, width, B) image, channels last."""

    def __init__(self, layer: _Layer, x: Tensor) -> None:
        self.layer, self.x, self.kernel = layer, x, layer.kernel()
        self.sums = functional.conv2d(x, self.kernel, layer.bias)
        self.output = functional.gelu(self.sums) if layer.gelu else self.sums
        if layer.skip:
            self.output += x[:, :, 1:-1]

    def sums_gradient(self, gradient: Tensor) -> Tensor:
        """From that of the output; takes the place of the sums."""
        if not self.layer.gelu:
            return gradient
        found: Tensor = torch.ops.aten.gelu_backward.grad_input(gradient, self.sums, grad_input=self.sums)
        return found

    def parameter_gradients(self, gradient: Tensor) -> tuple[Tensor, Tensor]:
        """Of weight and bias, from that of the sums."""
        x, d_sums, count = _rows(self.x), _rows(gradient), gradient.shape[3]
        found = x.new_empty(self.layer.taps, d_sums.shape[1], x.shape[1])
        for tap in range(self.layer.taps):
            torch.mm(d_sums.T, x[tap * count : tap * count + len(d_sums)], out=found[tap])
        return self.layer.as_weight(found), d_sums.sum(0)

    def input_gradient(self, of_sums: Tensor, of_output: Tensor) -> Tensor:
        found = functional.conv_transpose2d(of_sums, self.kernel)
        if self.layer.skip:
            found[:, :, 1:-1] += of_output
        return found


def _image(x: Tensor) -> Tensor:
    """(width, B, C) -> (1, C, width, B), channels last, not copied."""
    return x[None].permute(0, 3, 1, 2)


def _rows(image: Tensor) -> Tensor:
    """(1, C, width, B) -> (width * B, C), without a copy where channels are last."""
    return image.permute(0, 2, 3, 1).reshape(-1, image.shape[1])


def _layers(encoder: Encoder) -> list[_Layer]:
    if isinstance(encoder, LinearEncoder):
        return [_Layer(encoder.out.weight, encoder.out.bias, encoder.width)]
    assert isinstance(encoder, ConvEncoder | SampleEncoder)
    found = []
    for module in encoder.net:
        inner = module.module[0] if isinstance(module, Skip) else module
        if isinstance(inner, nn.Linear | nn.Conv1d):
            assert inner.bias is not None
            taps = inner.kernel_size[0] if isinstance(inner, nn.Conv1d) else 1
            found.append(_Layer(inner.weight, inner.bias, taps, gelu=True, skip=isinstance(module, Skip)))
    last = found.pop()  # the output layer has no activation
    return [*found, _Layer(last.weight, last.bias, last.taps)]
