"""What every neural decoder is: from rows of activity, in order of time, to what is decoded of
them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional


class Network(nn.Module, ABC):
    """(B, L, K) rows of one session, in order of time -> (B, outputs).

    A *place* is what a session enters by. Where sessions share one, a narrower session has fewer
    columns than `units[place]`: the ones that it lacks read as zero.

    Attributes:
        units: Columns of each place.
    """

    def __init__(self, units: Sequence[int]) -> None:
        super().__init__()
        self.units = tuple(units)

    @abstractmethod
    def forward(self, x: Tensor, place: int) -> Tensor:
        """(B, L, K) -> (B, outputs): class scores before the softmax, or values."""


class RowLayer(nn.Linear):
    """(B, L, K) -> (B, L, width). The weights of columns that are not there are left out, and get
    no gradient.
    """

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(x, self.weight[:, : x.shape[-1]], self.bias)


class RowNetwork(Network):
    """Each row enters through a linear layer of its place; all that follows is shared by the
    places.

    Args:
        width: Features of a row.
        features: Of an example, from which the head decodes.
    """

    def __init__(
        self, units: Sequence[int], outputs: int, *, width: int, features: int, dropout: float
    ) -> None:
        super().__init__(units)
        self.inputs = nn.ModuleList(RowLayer(count, width) for count in units)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(features, outputs))

    def forward(self, x: Tensor, place: int) -> Tensor:
        return self.head(self.read(self.inputs[place](x)))

    @abstractmethod
    def read(self, x: Tensor) -> Tensor:
        """(B, L, width) -> (B, features)."""
