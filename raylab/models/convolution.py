"""CEBRA's convolutional encoders, its perceptron on single samples, and a linear encoder."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from torch import Tensor, nn

from raylab.config.encoders import (
    LinearEncoderConfig,
    OffsetEncoderConfig,
    WideSampleEncoderConfig,
)
from raylab.models.base import Encoder

LAYERS = {  # residual blocks, output kernel
    "offset5": (1, 2),
    "offset10": (3, 3),
    "offset15": (6, 2),
    "offset20": (8, 3),
    "offset36": (16, 3),
    "offset40": (18, 3),
    "offset50": (23, 3),
}


class TimeMajorConv(nn.Conv1d):
    """`Conv1d` that reads (B, L, C) as gathered and writes (B, O, L - k + 1): no transpose of the
    wide input.

    One matrix product with the k taps side by side, then a sum over shifts. Parameters as in
    `Conv1d`.
    """

    def forward(self, x: Tensor) -> Tensor:
        assert self.bias is not None
        (taps,), (batch, length, _) = self.kernel_size, x.shape
        out = length - taps + 1
        y = x @ self.weight.permute(1, 2, 0).reshape(self.in_channels, -1)
        y = y.view(batch, length, taps, self.out_channels)
        shifted = y[:, :out, 0] + self.bias
        for tap in range(1, taps):
            shifted = shifted + y[:, tap : tap + out, tap]
        return shifted.transpose(1, 2).contiguous()


class Skip(nn.Module):
    """x[t] + GELU(conv3(x))[t], cropped by one sample on each side (cebra.models.layers._Skip)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.module = nn.Sequential(nn.Conv1d(channels, channels, 3), nn.GELU())

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, L) -> (B, C, L - 2)."""
        return x[..., 1:-1] + self.module(x)


class ConvEncoder(Encoder):
    """CEBRA's `offset{5,10,15,20,36,40,50}-model`: parameter names, shapes and initialisation are
    cebra 0.6.1's.

    Args:
        blocks: Residual blocks of kernel 3.
        last: Kernel of the output layer; the receptive field is 1 + 2 * blocks + last.
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
        width = 1 + 2 * blocks + last
        super().__init__(
            units=units, left=width // 2, right=width - width // 2, normalize=normalize
        )
        first = TimeMajorConv(
            units, hidden, 2
        )  # made in cebra's order: equal seeds give equal weights
        skips = [Skip(hidden) for _ in range(blocks)]
        self.net = nn.Sequential(first, nn.GELU(), *skips, nn.Conv1d(hidden, output, last))

    def embed_windows(self, windows: Tensor) -> Tensor:
        return self.net(windows).squeeze(2)

    def embed_stretch(self, x: Tensor) -> Tensor:
        return self.net(x[None])[0].T


class DropoutConvEncoder(ConvEncoder):
    """CEBRA's `offset36-model-dropout` and `-more-dropout`: whole channels are away from a window
    while training.

    Args:
        dropout: Chance of a channel after the first convolution.
        block_dropout: Chance of a channel where it enters a residual block; its way around the
            block stays.
    """

    def __init__(
        self,
        units: int,
        hidden: int,
        output: int,
        *,
        dropout: float,
        block_dropout: float,
        **layers: Any,
    ) -> None:
        super().__init__(units, hidden, output, **layers)
        first, gelu, *skips, last = self.net
        for skip in skips if block_dropout else ():
            assert isinstance(skip, Skip)
            skip.module.insert(0, nn.Dropout1d(block_dropout))
        self.net = nn.Sequential(first, nn.Dropout1d(dropout), gelu, *skips, last)


class SampleEncoder(Encoder):
    """CEBRA's `offset1-model`: a perceptron on single samples; parameters as in cebra 0.6.1.

    Args:
        widths: Of the hidden layers.
    """

    def __init__(
        self, units: int, widths: Sequence[int], output: int, *, normalize: bool = True
    ) -> None:
        super().__init__(units=units, left=0, right=1, normalize=normalize)
        self.net = nn.Sequential(nn.Flatten(), *perceptron(units, *widths, output))

    def embed_windows(self, windows: Tensor) -> Tensor:
        return self.net(windows)

    def embed_stretch(self, x: Tensor) -> Tensor:
        return self.net(x)


def perceptron(*sizes: int) -> list[nn.Module]:
    """Linear layers from the first size to the last, GELU between them."""
    layers: list[nn.Module] = []
    for before, after in pairwise(sizes):
        layers += [nn.Linear(before, after), nn.GELU()]
    return layers[:-1]


class LinearEncoder(Encoder):
    """One linear map of the flattened window. raylab's own: deeper encoders overfit short, drifting
    recordings.
    """

    def __init__(
        self, units: int, output: int, *, receptive_field: int, normalize: bool = True
    ) -> None:
        left = receptive_field // 2
        super().__init__(units=units, left=left, right=receptive_field - left, normalize=normalize)
        self._rows_per_sample = receptive_field
        self.out = nn.Linear(receptive_field * units, output)

    def embed_windows(self, windows: Tensor) -> Tensor:
        return self.out(windows.flatten(1))

    def embed_stretch(self, x: Tensor) -> Tensor:
        return self.out(x.unfold(0, self.width, 1).transpose(1, 2).flatten(1))


def offset_encoder(
    config: OffsetEncoderConfig, *, units: int, output: int, normalize: bool
) -> Encoder:
    """CEBRA's encoder of the receptive field that `kind` names."""
    hidden = config.hidden_units
    if config.kind == "offset1":
        return SampleEncoder(units, (hidden, hidden, hidden // 2), output, normalize=normalize)
    blocks, last = LAYERS[config.kind]
    if not (config.dropout or config.block_dropout):
        return ConvEncoder(units, hidden, output, blocks=blocks, last=last, normalize=normalize)
    return DropoutConvEncoder(
        units,
        hidden,
        output,
        dropout=config.dropout,
        block_dropout=config.block_dropout,
        blocks=blocks,
        last=last,
        normalize=normalize,
    )


def wide_sample_encoder(
    config: WideSampleEncoderConfig, *, units: int, output: int, normalize: bool
) -> Encoder:
    """CEBRA's `offset1-model-mse`: hidden layers of 30, 30 and 10 times the output dimension."""
    wide = 10 * output
    return SampleEncoder(units, (3 * wide, 3 * wide, wide), output, normalize=normalize)


def linear_encoder(
    config: LinearEncoderConfig, *, units: int, output: int, normalize: bool
) -> Encoder:
    """One linear map of the window."""
    return LinearEncoder(units, output, receptive_field=config.receptive_field, normalize=normalize)
