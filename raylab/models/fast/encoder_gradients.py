"""Encoders forwards and backwards without autograd.

Activations are time-major, (width, B, C): the rows that a convolution's tap j sees are contiguous,
so a layer is one matrix product a tap and copies nothing. A linear layer has one tap. At small
batches making a tensor or a view costs as much as a product: what a step reads and writes is laid
out once for inputs of one shape, and used again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from raylab.models.base import Encoder
from raylab.models.convolution import ConvEncoder, LinearEncoder, SampleEncoder, Skip

_gelu: Any = functional.gelu  # its annotation lacks `out`
_gelu_backward = torch.ops.aten.gelu_backward.grad_input

ENCODERS = (ConvEncoder, SampleEncoder, LinearEncoder)
# multiplications from which oneDNN's convolution is faster than the BLAS, which it reads twice
LARGE = 20_000_000
SMALL = 30_000  # numbers below which torch's own elementwise functions are faster than oneDNN's
KEPT = 4  # shapes of inputs whose buffers are kept: shares of several workers have two or three
NARROW = 16  # outputs below which the BLAS wants the narrow matrix first


class Network:
    """One of ENCODERS, without its normalisation. `backward` follows the `forward` it belongs to.

    Args:
        units: Columns of the input where the encoder is shared and wider: its further weights then
            get no gradient.

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
        self._laid_out: dict[tuple[object, ...], list[_Pass]] = {}

    def multiplications(self, width: int, count: int) -> int:
        """Of a forward pass over so many windows of this width."""
        total = 0
        for taps, size in self._sizes:
            width -= taps - 1
            total += width * count * size
        return total

    def forward(self, x: Tensor) -> Tensor:
        """(width, B, N) -> (outputs * B, D), overwritten by the next pass. To be called without
        autograd.
        """
        self._lay_out(x if x.is_contiguous() else x.contiguous())
        for each in self._passes:
            each.forward()
        return self._passes[-1].output

    def backward(self, gradient: Tensor) -> list[Tensor]:
        """(outputs * B, D) -> gradients of `parameters`, overwritten by the next pass."""
        first, *others = self._passes
        for each in reversed(others):
            gradient = each.backward(gradient, further=True)
        first.backward(gradient, further=False)
        return [gradient for each in self._passes for gradient in each.gradients]

    def _lay_out(self, x: Tensor) -> None:
        """For this buffer, and for parameters where they are now: flattening moves them."""
        places = (x.shape, x.data_ptr(), *(p.data_ptr() for p in self.parameters))
        if places not in self._laid_out:
            if len(self._laid_out) == KEPT:
                self._laid_out.clear()
            self._laid_out[places] = passes = []
            for layer in self.layers:
                passes.append(_Pass(layer, x))
                x = passes[-1].output.view(-1, x.shape[1], layer.bias.shape[0])
        self._passes = self._laid_out[places]


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

    @property
    def convolves(self) -> bool:
        """The weight is (O, C, taps) of a convolution, not (O, taps * C) of a linear layer."""
        return self.weight.dim() == 3

    def by_tap(self) -> Tensor:
        """The weight as (taps, O, C - missing)."""
        weight = self.weight.detach()
        seen = (
            weight.permute(2, 0, 1)
            if self.convolves
            else weight.unflatten(1, (self.taps, -1)).transpose(0, 1)
        )
        return seen[..., : seen.shape[2] - self.missing]


class _Pass:
    """One layer on one (width, B, C) buffer.

    Attributes:
        output: (outputs * B, O).
        gradients: Of weight and bias.
    """

    def __init__(self, layer: _Layer, x: Tensor) -> None:
        width, count, channels = x.shape
        rows, wide = (width - layer.taps + 1) * count, layer.bias.shape[0]
        self.layer, self.bias = layer, layer.bias.detach()
        self.image, self.x, self.inner = _image(x), x.flatten(0, 1), slice(count, -count)
        self.sums = x.new_empty(rows, wide)
        self.output = torch.empty_like(self.sums) if layer.gelu else self.sums
        self.large = layer.convolves and rows * layer.weight.numel() > LARGE
        self.weight = layer.by_tap()
        # A convolution's weights have their taps last, where no BLAS reads them: they are copied at
        # each pass.
        self.kernels = x.new_empty(self.weight.shape) if layer.convolves else self.weight
        seen = [self.x[tap * count : tap * count + rows] for tap in range(layer.taps)]
        self.by_tap = list(zip(seen, self.kernels))
        self.narrow = x.new_empty(wide, rows) if wide < NARROW else None
        self.factors = [
            (x, kernel.T) if self.narrow is None else (kernel, x.T) for x, kernel in self.by_tap
        ]
        of_taps = x.new_zeros(layer.taps, wide, channels + layer.missing)
        if not layer.convolves:  # as its weight is laid out
            of_taps = of_taps.view(wide, layer.taps, -1).transpose(0, 1)
        self.of_taps = list(zip(seen, of_taps[..., :channels]))
        of_weight = (
            of_taps.permute(1, 2, 0) if layer.convolves else of_taps.transpose(0, 1).flatten(1)
        )
        self.gradients = [of_weight, torch.empty_like(self.bias)]

    def forward(self) -> None:
        if self.large:
            self.sums = _rows(functional.conv2d(self.image, self._kernel, self.bias))
        else:
            self._add_up()
        if not self.layer.gelu:
            self.output = self.sums
            return
        _gelu(_cheap(self.sums), out=_cheap(self.output))
        if self.layer.skip:
            self.output += self.x[self.inner]

    def _add_up(self) -> None:
        """The products of all taps."""
        if self.kernels is not self.weight:
            self.kernels.copy_(self.weight)
        (left, right), *others = self.factors
        if self.narrow is None:
            torch.addmm(self.bias, left, right, out=self.sums)
            for left, right in others:
                self.sums.addmm_(left, right)
        else:
            torch.mm(left, right, out=self.narrow)
            for left, right in others:
                self.narrow.addmm_(left, right)
            torch.add(self.narrow.T, self.bias, out=self.sums)

    def backward(self, gradient: Tensor, *, further: bool) -> Tensor:
        """From the gradient of the output; fills `gradients`, and gives that of the input if it
        goes `further`.
        """
        d_sums = gradient
        if self.layer.gelu:  # in place of the sums
            d_sums, sums = self.sums, _cheap(self.sums)
            _gelu_backward(_cheap(gradient), sums, grad_input=sums)
        torch.sum(d_sums, 0, out=self.gradients[1])
        turned = d_sums.T
        for x, of_tap in self.of_taps:
            torch.mm(turned, x, out=of_tap)
        if not further:
            return gradient
        d_x = self._input_gradient(d_sums)
        if self.layer.skip:
            d_x[self.inner] += gradient
        return d_x

    def _input_gradient(self, d_sums: Tensor) -> Tensor:
        if self.large:
            image = _image(d_sums.view(-1, self.image.shape[3], d_sums.shape[1]))
            return _rows(functional.conv_transpose2d(image, self._kernel))
        (x, kernel), *others = (
            self.by_tap
        )  # what was read had its last use: its gradient takes its place
        torch.mm(d_sums, kernel, out=x)
        if others:
            self.x[len(d_sums) :].zero_()
        for x, kernel in others:
            x.addmm_(d_sums, kernel)
        return self.x

    @property
    def _kernel(self) -> Tensor:
        """(O, C, taps, 1)."""
        return self.weight.permute(1, 2, 0)[..., None]


def _cheap(rows: Tensor) -> Tensor:
    """Rows as an elementwise function is fastest at them. Torch has oneDNN do what is contiguous,
    which begins with 10 us of preparations; what is transposed it does by itself.
    """
    return rows.T if rows.numel() < SMALL else rows


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
    layers = []
    for module in encoder.net:
        inner = module.module[0] if isinstance(module, Skip) else module
        if isinstance(inner, nn.Linear | nn.Conv1d):
            assert inner.bias is not None
            taps = inner.kernel_size[0] if isinstance(inner, nn.Conv1d) else 1
            layers.append(
                _Layer(inner.weight, inner.bias, taps, gelu=True, skip=isinstance(module, Skip))
            )
    last = layers.pop()  # the output layer has no activation
    return [*layers, _Layer(last.weight, last.bias, last.taps)]
