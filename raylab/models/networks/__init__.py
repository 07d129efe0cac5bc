"""The neural decoder that a config names, and all that there are."""

from __future__ import annotations

from collections.abc import Sequence

from raylab.config.networks import (
    GraphConfig,
    MlpConfig,
    NetworkConfig,
    RecurrentConfig,
    TransformerConfig,
)
from raylab.models.networks.base import Network
from raylab.models.networks.edges import edges_of_correlations, edges_of_positions
from raylab.models.networks.graph import GraphNetwork
from raylab.models.networks.perceptron import Perceptron
from raylab.models.networks.recurrent import Recurrent
from raylab.models.networks.tcn import Tcn
from raylab.models.networks.transformer import Transformer


def build_network(
    config: NetworkConfig, units: Sequence[int], outputs: int, *, length: int
) -> Network:
    """The network that `model` names, with parameters from torch's generator.

    A graph network needs `set_graph` of each place before it can decode.

    Args:
        units: Columns of each place: of each session, or one number where sessions share the input
            layer.
        outputs: Class scores or values of an example.
        length: Rows of an example. `mlp` and `graph` read exactly so many, `transformer` with
            learnt positions at most; the others any number.

    Raises:
        ConfigError: `graph` without torch_geometric.
    """
    if isinstance(config, MlpConfig):
        return Perceptron(config, units, outputs, length=length)
    if isinstance(config, RecurrentConfig):
        return Recurrent(config, units, outputs)
    if isinstance(config, TransformerConfig):
        return Transformer(config, units, outputs, length=length)
    if isinstance(config, GraphConfig):
        return GraphNetwork(config, units, outputs, length=length)
    return Tcn(config, units, outputs)


__all__ = [
    "GraphNetwork",
    "Network",
    "Perceptron",
    "Recurrent",
    "Tcn",
    "Transformer",
    "build_network",
    "edges_of_correlations",
    "edges_of_positions",
]
