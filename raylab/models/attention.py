"""An encoder that attends to the samples of its window."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from raylab.config.encoders import AttentionEncoderConfig
from raylab.models.base import Encoder


class AttentionEncoder(Encoder):
    """One pre-norm attention block over the window, read out at the centre sample.

    raylab's own. Only the centre sample asks (one query), so that cost is linear in the receptive
    field. Block: Vaswani et al. 2017 with the pre-norm order of Xiong et al. 2020 and a GELU
    perceptron.
    """

    def __init__(
        self, config: AttentionEncoderConfig, *, units: int, output: int, normalize: bool = True
    ) -> None:
        field, hidden = config.receptive_field, config.hidden_units
        super().__init__(
            units=units, left=field // 2, right=field - field // 2, normalize=normalize
        )
        self._rows_per_sample = field  # every sample has its own window here
        self.project = nn.Linear(units, hidden)
        self.position = nn.Parameter(0.02 * torch.randn(field, hidden))
        self.before = nn.LayerNorm(hidden)
        self.attention = nn.MultiheadAttention(
            hidden, config.heads, dropout=config.dropout, batch_first=True
        )
        self.mlp = nn.Sequential(
            nn.LayerNorm(hidden),
            nn.Linear(hidden, 4 * hidden),
            nn.GELU(),
            nn.Linear(4 * hidden, hidden),
        )
        self.dropout = nn.Dropout(config.dropout)
        self.out = nn.Sequential(nn.LayerNorm(hidden), nn.Linear(hidden, output))

    def embed_windows(self, windows: Tensor) -> Tensor:
        return self._read(self.project(windows))

    def embed_stretch(self, x: Tensor) -> Tensor:
        return self._read(self.project(x).unfold(0, self.width, 1).transpose(1, 2))

    def _read(self, projected: Tensor) -> Tensor:
        """(B, width, hidden) -> (B, D)."""
        x = projected + self.position
        normed, centre = self.before(x), x[:, self.left]
        query = normed[:, self.left : self.left + 1]
        attended, _ = self.attention(query, normed, normed, need_weights=False)
        centre = centre + self.dropout(attended.squeeze(1))
        return self.out(centre + self.dropout(self.mlp(centre)))
