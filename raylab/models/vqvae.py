"""VQ-VAE of windows of activity: 1-d convolutions down to codes and back, and a small head that reads behaviour.

Sessions differ in their units, so the first and the last layer are a session's own; what is between them, and the
codebook, all sessions share.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

from raylab.config import QuantizerConfig, VqvaeModelConfig
from raylab.models.quantizers import Quantized, Quantizer, Share, build_quantizer


class VqVae(nn.Module):
    """Windows (B, W, K units) -> codes (B, L, D) -> windows; L = W / `reduction`, rounded up.

    Args:
        units: Of each session; one number where all sessions share the first and the last layer.
        statistics: Numbers that the head predicts of a window; 0 for no head.
        seed: Of random draws of the quantizer that all workers must share.
    """

    def __init__(
        self,
        config: VqvaeModelConfig,
        quantizer: QuantizerConfig,
        units: Sequence[int],
        *,
        statistics: int = 0,
        seed: int = 0,
    ) -> None:
        super().__init__()
        first, kernel = config.channels[0], config.kernels[0]
        self.inputs = nn.ModuleList(InputLayer(count, first, kernel, config.strides[0]) for count in units)
        self.encoder = encoder(config)
        self.quantizer: Quantizer = build_quantizer(quantizer, dimension=config.code_dimension, seed=seed)
        self.decoder = Decoder(config)
        self.outputs = nn.ModuleList(OutputLayer(first, count, kernel, config.strides[0]) for count in units)
        self.head = nn.Linear(config.code_dimension, statistics) if statistics else None

    def encode(self, windows: Tensor, session: int = 0) -> Tensor:
        """(B, W, K) -> (B, L, D), before quantization."""
        found: Tensor = self.encoder(self.inputs[session](windows)).transpose(1, 2)
        return found

    def quantize(self, latent: Tensor, share: Share | None = None) -> Quantized:
        """(B, L, D) -> values (B, L, D) and indices (B, L, codebooks)."""
        batch, length, _ = latent.shape
        found = self.quantizer(latent.flatten(0, 1), share)
        return Quantized(
            found.values.unflatten(0, (batch, length)), found.indices.unflatten(0, (batch, length)), found.loss
        )

    def decode(self, values: Tensor, rows: int, session: int = 0) -> Tensor:
        """(B, L, D) -> (B, rows, K)."""
        found: Tensor = self.outputs[session](self.decoder(values.transpose(1, 2), rows), rows)
        return found

    def predict(self, values: Tensor) -> Tensor:
        """(B, L, D) -> (B, statistics), of the mean code of a window."""
        assert self.head is not None
        found: Tensor = self.head(values.mean(dim=1))
        return found


class InputLayer(nn.Module):
    """(B, W, K) -> (B, channels, W / stride): a convolution over all units. Units that a narrower session lacks read as
    zero: they change nothing, and their weights get no gradient."""

    def __init__(self, units: int, channels: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.units = units
        self.convolution = nn.Conv1d(units, channels, kernel, stride=stride, padding=kernel // 2)

    def forward(self, windows: Tensor) -> Tensor:
        padded = functional.pad(windows, (0, self.units - windows.shape[2]))
        return functional.gelu(_over_time(padded, self.convolution).transpose(1, 2))


class OutputLayer(nn.Module):
    """(B, channels, L) -> (B, rows, K): the mirror of `InputLayer`."""

    def __init__(self, channels: int, units: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.convolution = nn.Conv1d(channels, units, kernel, padding=kernel // 2)

    def forward(self, x: Tensor, rows: int) -> Tensor:
        if self.stride > 1:  # each row from the nearest one in time that the strided convolution left
            x = x.repeat_interleave(self.stride, dim=2)[:, :, :rows]
        return _over_time(x.transpose(1, 2), self.convolution)


def _over_time(x: Tensor, convolution: nn.Conv1d) -> Tensor:
    """(B, L, C) -> (B, L', O), as a `conv2d` of channels-last images: time-major windows are such images as they lie in
    memory, so that the side of the many units is never transposed."""
    images = x.contiguous()[:, None].permute(0, 3, 1, 2)
    weight, bias = convolution.weight[:, :, None], convolution.bias
    (stride,), padding = convolution.stride, convolution.kernel_size[0] // 2
    found = functional.conv2d(images, weight, bias, stride=(1, stride), padding=(0, padding))
    return found.permute(0, 2, 3, 1)[:, 0]


def encoder(config: VqvaeModelConfig) -> nn.Sequential:
    """(B, channels[0], L) -> (B, D, L'): the layers behind a session's first one."""
    layers: list[nn.Module] = []
    for before, after, kernel, stride in zip(
        config.channels, config.channels[1:], config.kernels[1:], config.strides[1:]
    ):
        layers += [nn.Conv1d(before, after, kernel, stride=stride, padding=kernel // 2), nn.GELU()]
    return nn.Sequential(*layers, *_blocks(config), nn.Conv1d(config.channels[-1], config.code_dimension, 1))


class Decoder(nn.Module):
    """(B, D, L) -> (B, channels[0], rows / strides[0]): transposed convolutions, to the lengths the encoder had."""

    def __init__(self, config: VqvaeModelConfig) -> None:
        super().__init__()
        self.first = nn.Conv1d(config.code_dimension, config.channels[-1], 1)
        self.blocks = nn.Sequential(*_blocks(config))
        self.strides = config.strides
        self.up = nn.ModuleList(
            nn.ConvTranspose1d(after, before, kernel, stride=stride, padding=kernel // 2)
            for before, after, kernel, stride in reversed(
                list(zip(config.channels, config.channels[1:], config.kernels[1:], config.strides[1:]))
            )
        )

    def forward(self, x: Tensor, rows: int) -> Tensor:
        lengths = [rows]
        for stride in self.strides[:-1]:
            lengths.append(-(-lengths[-1] // stride))
        x = self.blocks(self.first(x))
        for layer, length in zip(self.up, reversed(lengths[1:])):
            x = functional.gelu(layer(x, output_size=[length]))
        return x


class ResidualBlock(nn.Module):
    """x + conv3(dropout(GELU(norm(conv3(GELU(norm(x))))))) (He et al. 2016, pre-activation; Wu & He 2018)."""

    def __init__(self, channels: int, groups: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.GroupNorm(groups, channels),
            nn.GELU(),
            nn.Conv1d(channels, channels, 3, padding=1),
            nn.GroupNorm(groups, channels),
            nn.GELU(),
            nn.Dropout1d(dropout),
            nn.Conv1d(channels, channels, 3, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = x + self.layers(x)
        return found


def _blocks(config: VqvaeModelConfig) -> list[nn.Module]:
    return [
        ResidualBlock(config.channels[-1], config.norm_groups, config.dropout) for _ in range(config.residual_blocks)
    ]
