"""A perceptron on all rows of an example side by side."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from raylab.config.networks import MlpConfig
from raylab.models.networks.base import RowNetwork


class Perceptron(RowNetwork):
    """Reads examples of exactly `length` rows: each place in time has weights of its own."""

    def __init__(
        self, config: MlpConfig, units: Sequence[int], outputs: int, *, length: int
    ) -> None:
        width, dropout = config.width, config.dropout
        super().__init__(units, outputs, width=width, features=config.hidden[-1], dropout=dropout)
        sizes = (length * width, *config.hidden)
        layers = [
            layer
            for before, after in pairwise(sizes)
            for layer in (nn.Dropout(dropout), nn.Linear(before, after), nn.GELU())
        ]
        self.layers = nn.Sequential(nn.GELU(), nn.Flatten(), *layers)

    def read(self, x: Tensor) -> Tensor:
        return self.layers(x)
