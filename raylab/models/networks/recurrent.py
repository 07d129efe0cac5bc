"""Recurrent decoders: torch's LSTM and GRU, read out at their last states."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from raylab.config.networks import RecurrentConfig
from raylab.models.networks.base import RowNetwork


class Recurrent(RowNetwork):
    """Decodes the state after the last row; of both directions, the state after the last row that
    each one read.
    """

    def __init__(
        self, config: RecurrentConfig, units: Sequence[int], outputs: int, *, length: int
    ) -> None:
        width, self.directions = config.width, 2 if config.bidirectional else 1
        super().__init__(
            units, outputs, width=width, features=self.directions * width, dropout=config.dropout
        )
        kind = nn.LSTM if config.kind == "lstm" else nn.GRU
        self.recurrent = kind(
            width,
            width,
            config.layers,
            batch_first=True,
            dropout=config.dropout
            if config.layers > 1
            else 0.0,  # torch's is between layers only, and warns of one
            bidirectional=config.bidirectional,
        )

    def read(self, x: Tensor) -> Tensor:
        _, state = self.recurrent(x)
        hidden = state[0] if isinstance(state, tuple) else state
        return hidden[-self.directions :].transpose(0, 1).flatten(1)
