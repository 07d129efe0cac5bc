"""Goodness of fit: InfoNCE in bits on fixed validation batches."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from raylab.config.contrastive import ContrastiveTrial
from raylab.data.views.view import Timeline
from raylab.models.losses import bits
from raylab.models.objectives import Objectives
from raylab.tasks.contrastive.model import ContrastiveModel
from raylab.tasks.contrastive.pairs import Draw, group_draws

BATCHES = 16


def goodness_of_fit(
    config: ContrastiveTrial,
    model: ContrastiveModel,
    embeddings: Mapping[str, np.ndarray],
    timelines: Mapping[str, Timeline],
    *,
    field: tuple[int, int],
) -> dict[str, float]:
    """Bits of InfoNCE at the trained temperature: the mean over sessions, weighted over objectives.

    The batches are the same whatever the batch size, the number of negatives or the focus of
    training, so that trials can be compared.

    Args:
        embeddings: (rows of the view, D) of each session.
        field: The receptive field of the encoder.

    Returns:
        {"goodness_of_fit": bits}; empty where no validation batch can be drawn.
    """
    device, size = next(model.parameters()).device, config.evaluation.bits_batch
    rows = {name: torch.from_numpy(embedding).to(device) for name, embedding in embeddings.items()}
    draws = group_draws(config, timelines, split="valid", field=field, seed=0)
    values = [_bits_of_group(model.objectives, rows, draw, size) for draw in draws]
    return {"goodness_of_fit": float(np.mean(values))} if values else {}


def _bits_of_group(
    objectives: Objectives, rows: Mapping[str, torch.Tensor], draw: Draw, size: int
) -> float:
    """The mean over fixed batches, weighted over objectives.

    Args:
        rows: (rows of the view, D) embeddings of each session.
        size: References, and negatives, of a batch per session.
    """
    losses = []
    with torch.no_grad():
        for step in range(BATCHES):
            group = draw(step, size, size)
            z = torch.cat([rows[name][of] for name, of in zip(group.sessions, group.rows)])
            losses.append([float(loss) for loss in objectives.infonce(z, group.layout)])
    values = [bits(float(loss), size * group.layout.sessions) for loss in np.mean(losses, axis=0)]
    return float(np.average(values, weights=objectives.weights))
