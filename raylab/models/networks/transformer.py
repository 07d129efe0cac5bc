"""A transformer over the rows, decoded from a class token."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from raylab.config.networks import TransformerConfig
from raylab.models.networks.base import RowNetwork


class Transformer(RowNetwork):
    """Pre-norm layers (Xiong et al. 2020) with a GELU perceptron; the token stands before the rows,
    without a position.

    With learnt positions an example has at most `length` rows, with sinusoidal ones any number.
    """

    def __init__(
        self, config: TransformerConfig, units: Sequence[int], outputs: int, *, length: int
    ) -> None:
        width = config.width
        super().__init__(units, outputs, width=width, features=width, dropout=config.dropout)
        self.token = nn.Parameter(0.02 * torch.randn(width))
        learnt = config.positions == "learnt"
        # As large as the rows behind the input layer: at 0.02, order in time took about twice the
        # steps to learn.
        self.positions = nn.Parameter(0.5 * torch.randn(length, width)) if learnt else None
        self.encoder = nn.TransformerEncoder(
            _layer(config), config.layers, nn.LayerNorm(width), enable_nested_tensor=False
        )
        # Those that torch made are copies of one: equal weights in all layers.
        self.encoder.layers = nn.ModuleList(_layer(config) for _ in range(config.layers))

    def read(self, x: Tensor) -> Tensor:
        token = self.token.expand(len(x), 1, -1)
        return self.encoder(torch.cat([token, x + self._positions(x)], dim=1))[:, 0]

    def _positions(self, x: Tensor) -> Tensor:
        rows = x.shape[1]
        if self.positions is None:
            return sinusoids(rows, x.shape[2]).to(x)
        if rows > len(self.positions):
            raise ValueError(f"{rows} rows, but learnt positions of {len(self.positions)}")
        return self.positions[:rows]


def _layer(config: TransformerConfig) -> nn.TransformerEncoderLayer:
    return nn.TransformerEncoderLayer(
        config.width,
        config.heads,
        config.feedforward,
        dropout=config.dropout,
        activation="gelu",
        batch_first=True,
        norm_first=True,
    )


def sinusoids(rows: int, width: int) -> Tensor:
    """(rows, width) float64: sines and cosines in turn, wavelengths from 2 pi to 20,000 pi rows
    (Vaswani et al. 2017, section 3.5).
    """
    frequencies = torch.exp(
        -math.log(10_000.0) * torch.arange(0, width, 2, dtype=torch.float64) / width
    )
    angles = torch.arange(rows, dtype=torch.float64)[:, None] * frequencies
    return torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)[:, :width]
