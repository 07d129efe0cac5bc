"""VQ-VAE of windows of activity: 1-d convolutions down to codes and back, and a small head that
reads behaviour.

Sessions differ in their units, so the first and the last layer are a session's own; what is between
them, and the codebook, all sessions share.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

from raylab.config.quantizers import QuantizerConfig
from raylab.config.vqvae import VqvaeModelConfig
from raylab.models.quantizers.base import Quantized, Quantizer, Share
from raylab.models.quantizers.build import build_quantizer
from raylab.models.rows import RowLayers, RowOperations


class VqVae(nn.Module):
    """Windows (B, W, K units) -> codes (B, L, D) -> windows; L = W / `reduction`, rounded up.

    Args:
        units: Of each session; one number where all sessions share the first and the last layer.
        statistics: Numbers that the head predicts of a window; 0 for no head.
        seed: Of random draws of the quantizer that all workers must share.
        operations: What the layers compute; by default, the readable path.
    """

    def __init__(
        self,
        config: VqvaeModelConfig,
        quantizer: QuantizerConfig,
        units: Sequence[int],
        *,
        statistics: int = 0,
        seed: int = 0,
        operations: RowOperations | None = None,
    ) -> None:
        super().__init__()
        first, kernel = config.channels[0], config.kernels[0]
        rows = operations or RowOperations()
        self.inputs = nn.ModuleList(
            InputLayer(rows, count, first, kernel, config.strides[0]) for count in units
        )
        self.encoder = encoder(config, rows)
        self.quantizer: Quantizer = build_quantizer(
            quantizer, dimension=config.code_dimension, seed=seed
        )
        self.decoder = Decoder(config, rows)
        self.outputs = nn.ModuleList(
            OutputLayer(rows, first, count, kernel, config.strides[0]) for count in units
        )
        self.head = nn.Linear(config.code_dimension, statistics) if statistics else None

    def encode(self, windows: Tensor, session: int = 0) -> Tensor:
        """(B, W, K) -> (B, L, D), before quantization."""
        latent: Tensor = self.encoder(self.inputs[session](windows))
        return latent

    def quantize(self, latent: Tensor, share: Share | None = None) -> Quantized:
        """(B, L, D) -> values (B, L, D) and indices (B, L, codebooks)."""
        batch, length, _ = latent.shape
        quantized = self.quantizer(latent.flatten(0, 1), share)
        return Quantized(
            quantized.values.unflatten(0, (batch, length)),
            quantized.indices.unflatten(0, (batch, length)),
            quantized.loss,
        )

    def decode(self, values: Tensor, rows: int, session: int = 0) -> Tensor:
        """(B, L, D) -> (B, rows, K)."""
        windows: Tensor = self.outputs[session](self.decoder(values, rows), rows)
        return windows

    def squared_error(self, values: Tensor, windows: Tensor, session: int = 0) -> Tensor:
        """Sum of the squared differences of what (B, L, D) decodes to and (B, W, K), over the units
        that there are.
        """
        output = self.outputs[session]
        assert isinstance(output, OutputLayer)
        return output.squared_error(self.decoder(values, windows.shape[1]), windows)

    def predict(self, values: Tensor) -> Tensor:
        """(B, L, D) -> (B, statistics), of the mean code of a window."""
        assert self.head is not None
        predicted: Tensor = self.head(values.mean(dim=1))
        return predicted


class InputLayer(nn.Module):
    """(B, W, K) -> (B, W / stride, channels): a convolution over all units. Units that a narrower
    session lacks read as zero: they change nothing, and their weights get no gradient.
    """

    def __init__(
        self, rows: RowOperations, units: int, channels: int, kernel: int, stride: int
    ) -> None:
        super().__init__()
        self.rows, self.units = rows, units
        self.convolution = nn.Conv1d(units, channels, kernel, stride=stride, padding=kernel // 2)

    def forward(self, windows: Tensor) -> Tensor:
        missing = self.units - windows.shape[2]
        padded = functional.pad(windows, (0, missing)) if missing else windows
        return functional.gelu(self.rows.convolve(padded, self.convolution))


class OutputLayer(nn.Module):
    """(B, L, channels) -> (B, rows, K): the mirror of `InputLayer`."""

    def __init__(
        self, rows: RowOperations, channels: int, units: int, kernel: int, stride: int
    ) -> None:
        super().__init__()
        self.rows, self.stride = rows, stride
        self.convolution = nn.Conv1d(channels, units, kernel, padding=kernel // 2)

    def forward(self, x: Tensor, rows: int) -> Tensor:
        return self.rows.convolve(self._spread(x, rows), self.convolution)

    def squared_error(self, x: Tensor, windows: Tensor) -> Tensor:
        """Of `forward`, summed over (B, rows, K) windows, which may lack the last units."""
        spread = self._spread(x, windows.shape[1])
        return self.rows.squared_error(spread, self.convolution, windows)

    def _spread(self, x: Tensor, rows: int) -> Tensor:
        """Each row from the nearest one in time that the strided convolution left."""
        return x.repeat_interleave(self.stride, dim=1)[:, :rows] if self.stride > 1 else x


class ResidualBlock(nn.Module):
    """x + conv3(dropout(GELU(norm(conv3(GELU(norm(x))))))) of (B, L, C) (pre-activation: He et al.
    2016; group norm: Wu & He 2018).
    """

    def __init__(self, rows: RowOperations, channels: int, groups: int, dropout: float) -> None:
        super().__init__()
        self.layers = RowLayers(
            rows,
            nn.GroupNorm(groups, channels),
            nn.GELU(),
            nn.Conv1d(channels, channels, 3, padding=1),
            nn.GroupNorm(groups, channels),
            nn.GELU(),
            nn.Dropout1d(dropout),
            nn.Conv1d(channels, channels, 3, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = x + self.layers(x)
        return y


def encoder(config: VqvaeModelConfig, rows: RowOperations) -> RowLayers:
    """(B, L, channels[0]) -> (B, L', D): the layers behind a session's first one."""
    layers: list[nn.Module] = []
    for before, after, kernel, stride in zip(
        config.channels, config.channels[1:], config.kernels[1:], config.strides[1:]
    ):
        layers += [nn.Conv1d(before, after, kernel, stride=stride, padding=kernel // 2), nn.GELU()]
    blocks = _blocks(config, rows)  # made before the last layer: equal seeds give equal weights
    last = nn.Conv1d(config.channels[-1], config.code_dimension, 1)
    return RowLayers(rows, *layers, *blocks, last)


def _blocks(config: VqvaeModelConfig, rows: RowOperations) -> list[nn.Module]:
    return [
        ResidualBlock(rows, config.channels[-1], config.norm_groups, config.dropout)
        for _ in range(config.residual_blocks)
    ]


class Decoder(nn.Module):
    """(B, L', D) -> (B, rows / strides[0], channels[0]): transposed convolutions, to the lengths
    the encoder had.
    """

    def __init__(self, config: VqvaeModelConfig, rows: RowOperations) -> None:
        super().__init__()
        self.rows = rows
        self.first = nn.Conv1d(config.code_dimension, config.channels[-1], 1)
        self.blocks = nn.Sequential(*_blocks(config, rows))
        self.strides = config.strides
        self.up = nn.ModuleList(
            nn.ConvTranspose1d(after, before, kernel, stride=stride, padding=kernel // 2)
            for before, after, kernel, stride in reversed(
                list(
                    zip(
                        config.channels, config.channels[1:], config.kernels[1:], config.strides[1:]
                    )
                )
            )
        )

    def forward(self, x: Tensor, rows: int) -> Tensor:
        lengths = [rows]
        for stride in self.strides[:-1]:
            lengths.append(-(-lengths[-1] // stride))
        x = self.blocks(self.rows.convolve(x, self.first))
        for layer, length in zip(self.up, reversed(lengths[1:])):
            assert isinstance(layer, nn.ConvTranspose1d)
            x = functional.gelu(self.rows.convolve_transposed(x, layer, length))
        return x
