"""A temporal convolutional network."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

from raylab.config.networks import TcnConfig
from raylab.models.networks.base import RowNetwork


class Tcn(RowNetwork):
    """Causal: a row sees the `config.receptive_field` rows up to itself, and zeros before the first
    one.
    """

    def __init__(
        self, config: TcnConfig, units: Sequence[int], outputs: int, *, length: int
    ) -> None:
        channels, dropout = config.channels, config.dropout
        super().__init__(units, outputs, width=channels, features=channels, dropout=dropout)
        self.pool = config.pool
        levels = (
            CausalPair(channels, config.kernel, 2**level, dropout) for level in range(config.levels)
        )
        self.levels = nn.Sequential(*levels)

    def read(self, x: Tensor) -> Tensor:
        rows = self.levels(x.transpose(1, 2))
        return rows[..., -1] if self.pool == "last" else rows.mean(dim=2)


class CausalPair(nn.Module):
    """ReLU(x + two dilated convolutions of x), (B, C, L) -> (B, C, L) (Bai, Kolter & Koltun 2018,
    figure 1b).

    Without their weight norm, whose parametrised modules cannot be pickled. Dropout takes whole
    channels, as theirs.
    """

    def __init__(self, channels: int, kernel: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.before = (kernel - 1) * dilation
        self.convolutions = nn.ModuleList(
            nn.Conv1d(channels, channels, kernel, dilation=dilation) for _ in range(2)
        )
        self.dropout = nn.Dropout1d(dropout)

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for convolution in self.convolutions:
            y = self.dropout(functional.relu(convolution(functional.pad(y, (self.before, 0)))))
        return functional.relu(x + y)
