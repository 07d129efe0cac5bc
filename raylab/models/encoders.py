"""Encoders: from a window of activity around a sample to its embedding.

Sample t sees rows t-left .. t+right-1. Windows arrive time-major, (B, width, units), because that is how a
gather from a (T, units) recording leaves them in memory.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from raylab.config import AttentionEncoderConfig, LinearEncoderConfig, OffsetEncoderConfig

CHUNK_ROWS = 65_536  # input rows per pass over a sequence: bounds memory at any hidden width


class Encoder(nn.Module, ABC):
    """What every encoder offers: one embedding per window, or per sample of a continuous stretch.

    Attributes:
        left: Rows before sample t that its embedding sees.
        right: Rows from sample t on (itself included) that its embedding sees.
    """

    left: int
    right: int
    _rows_per_sample = 8  # in `sequence`: what one more sample of a stretch costs, in rows

    def __init__(self, *, left: int, right: int, normalize: bool) -> None:
        super().__init__()
        self.left, self.right, self.normalize = left, right, normalize

    @property
    def width(self) -> int:
        """The receptive field in samples."""
        return self.left + self.right

    def forward(self, windows: Tensor) -> Tensor:
        """(B, width, units) -> (B, D)."""
        return self._scaled(self._embed(windows))

    def sequence(self, x: Tensor) -> Tensor:
        """(L, units), continuous in time -> (L - width + 1, D); row i is the embedding of sample i + left.

        The same numbers as `forward` on every window, without repeating work where windows overlap.
        """
        rows = len(x) - self.width + 1
        size = max(1, CHUNK_ROWS // self._rows_per_sample)
        parts = [x[start : min(start + size, rows) + self.width - 1] for start in range(0, rows, size)]
        if not parts:  # shorter than the receptive field: no sample has its whole window
            return self.forward(x.new_zeros(0, self.width, x.shape[1]))
        return torch.cat([self._scaled(self._embed_stretch(part)) for part in parts])

    @abstractmethod
    def _embed(self, windows: Tensor) -> Tensor:
        """(B, width, units) -> (B, D), before normalisation."""

    @abstractmethod
    def _embed_stretch(self, x: Tensor) -> Tensor:
        """(L, units) -> (L - width + 1, D), before normalisation."""

    def _scaled(self, x: Tensor) -> Tensor:
        return on_sphere(x) if self.normalize else x


def on_sphere(x: Tensor) -> Tensor:
    """Rows of (B, D) scaled to length 1. A zero row stays zero, with a finite gradient.

    CEBRA divides by the norm itself, so that a silent window becomes NaN and ends the training.
    """
    length = torch.linalg.vector_norm(x, dim=1, keepdim=True)
    return x / torch.where(length > 1e-12, length, torch.ones_like(length))


class TimeMajorConv(nn.Conv1d):
    """`Conv1d` that reads (B, L, C) as gathered and writes (B, O, L - k + 1): no transpose of the wide input.

    One matrix product with the k taps side by side, then a sum over shifts. Parameters as in `Conv1d`.
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
    """CEBRA's `offset{5,10,36}-model`: parameter names, shapes and initialisation are cebra 0.6.1's.

    Args:
        blocks: Residual blocks of kernel 3.
        last: Kernel of the output layer; the receptive field is 1 + 2 * blocks + last.
    """

    def __init__(self, units: int, hidden: int, output: int, *, blocks: int, last: int, normalize: bool = True) -> None:
        width = 1 + 2 * blocks + last
        super().__init__(left=width // 2, right=width - width // 2, normalize=normalize)
        first = TimeMajorConv(units, hidden, 2)  # made in cebra's order: equal seeds give equal weights
        skips = [Skip(hidden) for _ in range(blocks)]
        self.net = nn.Sequential(first, nn.GELU(), *skips, nn.Conv1d(hidden, output, last))

    def _embed(self, windows: Tensor) -> Tensor:
        return self.net(windows).squeeze(2)

    def _embed_stretch(self, x: Tensor) -> Tensor:
        return self.net(x[None])[0].T


class SampleEncoder(Encoder):
    """CEBRA's `offset1-model`: a perceptron on single samples; parameters as in cebra 0.6.1."""

    def __init__(self, units: int, hidden: int, output: int, *, normalize: bool = True) -> None:
        super().__init__(left=0, right=1, normalize=normalize)
        self.net = nn.Sequential(
            nn.Flatten(),
            *(nn.Linear(units, hidden), nn.GELU()),
            *(nn.Linear(hidden, hidden), nn.GELU()),
            *(nn.Linear(hidden, hidden // 2), nn.GELU()),
            nn.Linear(hidden // 2, output),
        )

    def _embed(self, windows: Tensor) -> Tensor:
        return self.net(windows)

    def _embed_stretch(self, x: Tensor) -> Tensor:
        return self.net(x)


class LinearEncoder(Encoder):
    """One linear map of the flattened window. raylab's own: deeper encoders overfit short, drifting recordings."""

    def __init__(self, units: int, output: int, *, receptive_field: int, normalize: bool = True) -> None:
        left = receptive_field // 2
        super().__init__(left=left, right=receptive_field - left, normalize=normalize)
        self._rows_per_sample = receptive_field
        self.out = nn.Linear(receptive_field * units, output)

    def _embed(self, windows: Tensor) -> Tensor:
        return self.out(windows.flatten(1))

    def _embed_stretch(self, x: Tensor) -> Tensor:
        return self.out(x.unfold(0, self.width, 1).transpose(1, 2).flatten(1))


class AttentionEncoder(Encoder):
    """One pre-norm attention block over the window, read out at the centre sample.

    raylab's own. Only the centre sample asks (one query), so that cost is linear in the receptive field.
    Block: Vaswani et al. 2017 with the pre-norm order of Xiong et al. 2020 and a GELU perceptron.
    """

    def __init__(self, config: AttentionEncoderConfig, *, units: int, output: int, normalize: bool = True) -> None:
        field, hidden = config.receptive_field, config.hidden_units
        super().__init__(left=field // 2, right=field - field // 2, normalize=normalize)
        self._rows_per_sample = field  # every sample has its own window here
        self.project = nn.Linear(units, hidden)
        self.position = nn.Parameter(0.02 * torch.randn(field, hidden))
        self.before = nn.LayerNorm(hidden)
        self.attention = nn.MultiheadAttention(hidden, config.heads, dropout=config.dropout, batch_first=True)
        self.mlp = nn.Sequential(
            nn.LayerNorm(hidden), nn.Linear(hidden, 4 * hidden), nn.GELU(), nn.Linear(4 * hidden, hidden)
        )
        self.dropout = nn.Dropout(config.dropout)
        self.out = nn.Sequential(nn.LayerNorm(hidden), nn.Linear(hidden, output))

    def _embed(self, windows: Tensor) -> Tensor:
        return self._read(self.project(windows))

    def _embed_stretch(self, x: Tensor) -> Tensor:
        return self._read(self.project(x).unfold(0, self.width, 1).transpose(1, 2))

    def _read(self, projected: Tensor) -> Tensor:
        """(B, width, hidden) -> (B, D)."""
        x = projected + self.position
        normed, centre = self.before(x), x[:, self.left]
        query = normed[:, self.left : self.left + 1]
        attended, _ = self.attention(query, normed, normed, need_weights=False)
        centre = centre + self.dropout(attended.squeeze(1))
        return self.out(centre + self.dropout(self.mlp(centre)))


LAYERS = {"offset5": (1, 2), "offset10": (3, 3), "offset36": (16, 3)}  # residual blocks, output kernel


def build_encoder(
    config: OffsetEncoderConfig | LinearEncoderConfig | AttentionEncoderConfig,
    *,
    units: int,
    output_dimension: int,
    normalize: bool = True,
) -> Encoder:
    """The encoder that `model.encoder` names, with torch's default initialisation.

    Args:
        units: Neurons of the session.
        normalize: Embeddings of length 1, for cosine similarity; False for euclidean.
    """
    if isinstance(config, AttentionEncoderConfig):
        return AttentionEncoder(config, units=units, output=output_dimension, normalize=normalize)
    if isinstance(config, LinearEncoderConfig):
        return LinearEncoder(units, output_dimension, receptive_field=config.receptive_field, normalize=normalize)
    if config.kind == "offset1":
        return SampleEncoder(units, config.hidden_units, output_dimension, normalize=normalize)
    blocks, last = LAYERS[config.kind]
    return ConvEncoder(units, config.hidden_units, output_dimension, blocks=blocks, last=last, normalize=normalize)
