"""The neural decoder that a config names."""

from __future__ import annotations

from collections.abc import Sequence

from raylab.config.networks import NETWORKS, NetworkConfig
from raylab.models.networks.base import Network


def build_network(
    config: NetworkConfig, units: Sequence[int], outputs: int, *, length: int
) -> Network:
    """The network that `model.kind` names, with parameters from torch's generator.

    A graph network needs `set_graph` of each place before it can decode.

    Args:
        units: Columns of each place: of each session, or one number where sessions share the input
            layer.
        outputs: Class scores or values of an example.
        length: Rows of an example. `mlp` and `graph` read exactly so many, `transformer` with
            learnt positions at most; the others read any number.

    Raises:
        ConfigError: `graph` without torch_geometric.
    """
    network = NETWORKS.builder(config)(config, units, outputs, length=length)
    assert isinstance(network, Network)
    return network
