"""CEBRA's encoders that halve the rate of what they see, once or twice: wide receptive fields at
little cost.

A window becomes one embedding, so there is one for every sample. Over a whole stretch CEBRA's
estimator returns every fourth sample only (of `offset4_2x` none: it fails); here the stride of a
layer becomes a dilation of all that follow, which is the same network at every phase at once.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from raylab.config.encoders import SubsamplingEncoderConfig
from raylab.models.base import Encoder
from raylab.models.convolution import Skip, perceptron

LAYERS = {"offset20_4x": (1, 2), "offset40_4x": (3, 3)}  # residual blocks, output kernel


class HalvingConv(nn.Module):
    """A convolution of kernel 4 and stride 2, and beside it every other sample as it came.

    cebra.models.layers._MeanAndConv 0.6.1, which averages nothing: its interpolation takes the
    nearest sample.
    """

    def __init__(self, units: int, hidden: int) -> None:
        super().__init__()
        self.layer = nn.Conv1d(units, hidden, 4, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """(B, units, L) -> (B, hidden + units, (L - 4) // 2 + 1)."""
        halved = self.layer(x)
        return torch.cat([halved, x[..., : 2 * halved.shape[-1] : 2]], dim=1)


class SubsamplingEncoder(Encoder):
    """CEBRA's `offset{20,40}-model-4x-subsample`; parameters as in cebra 0.6.1.

    Args:
        blocks: Residual blocks of kernel 3.
        last: Kernel of the output layer; the receptive field is 4 + 8 * blocks + 4 * last.
    """

    def __init__(
        self,
        units: int,
        hidden: int,
        output: int,
        *,
        blocks: int,
        last: int,
        normalize: bool = True,
    ) -> None:
        half = 2 + 4 * blocks + 2 * last
        super().__init__(units=units, left=half, right=half, normalize=normalize)
        halving = HalvingConv(units, hidden)
        second = nn.Conv1d(units + hidden, hidden, 3, stride=2)
        skips = [Skip(hidden) for _ in range(blocks)]
        self.net = nn.Sequential(
            halving, second, nn.GELU(), *skips, nn.Conv1d(hidden, output, last)
        )

    def embed_windows(self, windows: Tensor) -> Tensor:
        return self.net(windows.transpose(1, 2)).squeeze(2)

    def embed_stretch(self, x: Tensor) -> Tensor:
        y, dilation = x.T[None], 1
        for layer in self.net:
            y = _every_phase(layer, y, dilation)
            dilation *= _stride(layer)
        return y[0].T


class HalvingSampleEncoder(Encoder):
    """CEBRA's `offset4-model-2x-subsample`: four samples become one, and that goes through a
    perceptron.
    """

    def __init__(self, units: int, hidden: int, output: int, *, normalize: bool = True) -> None:
        super().__init__(units=units, left=2, right=2, normalize=normalize)
        sizes = (units + hidden, hidden, hidden, hidden // 2, output)
        self.net = nn.Sequential(HalvingConv(units, hidden), nn.Flatten(), *perceptron(*sizes))

    def embed_windows(self, windows: Tensor) -> Tensor:
        return self.net(windows.transpose(1, 2))

    def embed_stretch(self, x: Tensor) -> Tensor:
        return self.net[1:](_every_phase(self.net[0], x.T[None], 1)[0].T)


def _stride(layer: nn.Module) -> int:
    layer = layer.layer if isinstance(layer, HalvingConv) else layer
    return layer.stride[0] if isinstance(layer, nn.Conv1d) else 1


def _every_phase(layer: nn.Module, x: Tensor, dilation: int) -> Tensor:
    """`layer` at every sample of (1, C, L), where the strides before it left its inputs `dilation`
    samples apart.
    """
    if isinstance(layer, HalvingConv):
        halved = _every_phase(layer.layer, x, dilation)
        return torch.cat([halved, x[..., : halved.shape[-1]]], dim=1)
    if isinstance(layer, nn.Conv1d):
        return functional.conv1d(x, layer.weight, layer.bias, dilation=dilation)
    if isinstance(layer, Skip):
        y = x
        for inner in layer.module:
            y = _every_phase(inner, y, dilation)
        return x[..., dilation:-dilation] + y
    value: Tensor = layer(x)
    return value


def subsampling_encoder(
    config: SubsamplingEncoderConfig, *, units: int, output: int, normalize: bool
) -> Encoder:
    """CEBRA's encoder that halves the rate once (offset4_2x) or twice."""
    if config.kind == "offset4_2x":
        return HalvingSampleEncoder(units, config.hidden_units, output, normalize=normalize)
    blocks, last = LAYERS[config.kind]
    return SubsamplingEncoder(
        units, config.hidden_units, output, blocks=blocks, last=last, normalize=normalize
    )
