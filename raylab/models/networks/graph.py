"""Spatio-temporal graph attention: each unit's course in time, then attention among neighbouring
units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from raylab.config.networks import GraphConfig
from raylab.errors import ConfigError
from raylab.models.networks.base import Network


class GraphNetwork(Network):
    """Nodes are units; examples have exactly `length` rows.

    A linear map of a unit's rows, the same for all units, plus a learnt vector of the unit; layers
    of GATv2 (Brody, Alon & Yahav 2022) with a way around each; then each head of the pooling weighs
    the units by a softmax of its own.
    """

    def __init__(
        self, config: GraphConfig, units: Sequence[int], outputs: int, *, length: int
    ) -> None:
        super().__init__(units)
        width, heads = config.width, config.heads
        self.time = nn.Linear(length, width)
        self.nodes = nn.ParameterList(nn.Parameter(torch.randn(count, width)) for count in units)
        self.layers = nn.ModuleList(
            GraphLayer(width, heads, config.dropout) for _ in range(config.layers)
        )
        self.norm = nn.LayerNorm(width)
        self.pool = nn.Linear(width, heads, bias=False)  # a softmax over units would not see a bias
        self.head = nn.Sequential(nn.Dropout(config.dropout), nn.Linear(heads * width, outputs))
        for place in range(len(units)):
            self.register_buffer(_buffer(place), torch.zeros(2, 0, dtype=torch.int64))

    def set_graph(self, place: int, edges: Tensor) -> None:
        """Join the units of a place: (2, E) int64, from above to below. Travels in the state dict.

        Raises:
            ValueError: No such shape or unit, or a unit that no edge reaches, not even its own.
        """
        units = self.units[place]
        if edges.ndim != 2 or len(edges) != 2 or edges.dtype != torch.int64:
            raise ValueError(f"edges are (2, E) int64, got {tuple(edges.shape)} {edges.dtype}")
        if not torch.equal(edges[1].unique().cpu(), torch.arange(units)) or not _within(
            edges[0], units
        ):
            raise ValueError(
                f"edges must be among the {units} units of place {place}, and reach each of them"
            )
        setattr(self, _buffer(place), edges.to(self.get_buffer(_buffer(place)).device, copy=True))

    def forward(self, x: Tensor, place: int) -> Tensor:
        missing = self.units[place] - x.shape[2]
        assert missing >= 0, "padding by less than nothing would cut units off"
        series = functional.pad(x, (0, missing)).transpose(1, 2)
        nodes = functional.gelu(self.time(series) + self.nodes[place])
        edges = self._edges_of(len(x), place)
        for layer in self.layers:
            nodes = layer(nodes, edges)
        nodes = self.norm(nodes)
        weights = self.pool(nodes).softmax(dim=1)  # (B, K, heads)
        return self.head((weights.transpose(1, 2) @ nodes).flatten(1))

    def _edges_of(self, examples: int, place: int) -> Tensor:
        """(2, B E): the place's graph once an example, over nodes (B K)."""
        edges = self.get_buffer(_buffer(place))
        if not edges.shape[1]:
            raise RuntimeError(f"place {place} has no graph: set_graph comes before the first step")
        first = self.units[place] * torch.arange(examples, device=edges.device)
        return (edges[:, None] + first[:, None]).flatten(1)

    def _load_from_state_dict(self, state_dict: Mapping[str, Any], prefix: str, *rest: Any) -> None:
        # How many edges there are is known after fitting only: a fresh module has none yet.
        for place in range(len(self.units)):
            saved = state_dict.get(prefix + _buffer(place))
            if saved is not None and saved.shape[1]:
                self.set_graph(place, saved)
        super()._load_from_state_dict(state_dict, prefix, *rest)


class GraphLayer(nn.Module):
    """x + GELU(GATv2(norm(x))), (B, K, width) -> (B, K, width)."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.attention = _gatv2()(
            width, width // heads, heads, add_self_loops=False, dropout=dropout
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, edges: Tensor) -> Tensor:
        attended = self.attention(self.norm(x).flatten(0, 1), edges)
        return x + self.dropout(functional.gelu(attended.view_as(x)))


def _gatv2() -> Any:
    try:
        from torch_geometric.nn import GATv2Conv
    except ImportError:
        raise ConfigError(
            "model.kind: graph needs the package torch_geometric, which is not installed",
            "pip install 'raylab[graph]', or choose another model.kind",
        ) from None
    return GATv2Conv


def _buffer(place: int) -> str:
    return f"edges{place}"


def _within(nodes: Tensor, count: int) -> bool:
    return bool(((nodes >= 0) & (nodes < count)).all())
