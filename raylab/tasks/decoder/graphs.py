"""The graphs of units that a graph decoder attends along, built from training samples."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from raylab.config.networks import GraphConfig
from raylab.data.shard import SessionShard, Shard
from raylab.data.splitting.splits import CODE
from raylab.errors import TrainingError
from raylab.models.networks.edges import edges_of_correlations, edges_of_positions
from raylab.models.networks.graph import GraphNetwork
from raylab.tasks.protocol import Comm

POSITION = "position"  # the column of `units` in a recipe


def fit_graphs(
    config: GraphConfig, network: GraphNetwork, shard: Shard, places: dict[str, int], comm: Comm
) -> None:
    """Set the graph of every place of the network.

    Args:
        places: The place of each session.

    Raises:
        TrainingError: the graph is built from positions, but the units of a session have none, or
            several sessions share the units of a place.
    """
    for place, units in enumerate(network.units):
        sessions = [session for name, session in shard.items() if places[name] == place]
        if config.graph.by == "correlation":
            edges = edges_of_correlations(
                correlations(sessions, units, comm), config.graph.neighbours
            )
        else:
            edges = edges_of_positions(_positions(sessions), config.graph.neighbours)
        network.set_graph(place, edges)


def correlations(sessions: list[SessionShard], units: int, comm: Comm) -> Tensor:
    """(units, units) Pearson correlations over the training rows of all workers; NaN where a unit
    does not vary.
    """
    sums = torch.zeros(units + 2, units, dtype=torch.float64)
    for session in sessions:
        parts = session.timeline.parts
        training = [np.arange(a, b) for a, b, code in parts.tolist() if code == CODE["train"]]
        rows = torch.from_numpy(np.concatenate([np.zeros(0, np.int64), *training]))
        local = session.local[rows.to(session.local.device)]
        x = functional.pad(
            session.x[local[local >= 0]].double(), (0, units - session.x.shape[1])
        ).cpu()
        sums += torch.cat([x.T @ x, x.sum(0, keepdim=True), torch.full((1, units), float(len(x)))])
    sums = comm.sum_values(sums.to(sessions[0].x.device)).cpu()
    squares, mean = sums[:units] / sums[-1, 0], sums[units] / sums[-1, 0]
    covariance = squares - mean[:, None] * mean
    # Rounding leaves a trace of variance in a unit that is constant.
    variance = covariance.diagonal()
    spread = torch.where(variance > 1e-12 * squares.diagonal(), variance, torch.nan).sqrt()
    return covariance / spread[:, None] / spread


def _positions(sessions: list[SessionShard]) -> Tensor:
    """(units, d) positions of the units that the view shows."""
    if len(sessions) > 1:
        raise TrainingError(
            "model.graph.by 'position': sessions that share a first layer have no positions in "
            "common",
            "Use --set model.graph.by=correlation, or sessions.combine=separate.",
        )
    (session,) = sessions
    recording = session.recording
    column = None if recording is None else recording.units.get(POSITION)
    if recording is None or column is None:
        raise TrainingError(
            f"model.graph.by 'position': units of session '{session.timeline.session}' have no "
            f"column '{POSITION}'",
            f"Name it in the recipe (units: {{{POSITION}: PATH}}), or use --set "
            "model.graph.by=correlation.",
        )
    positions = np.asarray(column, np.float64).reshape(len(column), -1)
    kept = positions if recording.kept is None else positions[recording.kept]
    return torch.from_numpy(kept[session.fitted.columns])
