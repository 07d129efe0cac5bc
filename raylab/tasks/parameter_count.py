"""How many numbers a model learns, the size that models are compared by."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from raylab.config.trial import TrialConfig
from raylab.data.datasets.specs import SessionSpec
from raylab.models.stored import StoredArrays
from raylab.tasks.families import get_task


def trial_parameter_count(config: TrialConfig, sessions: Mapping[str, SessionSpec]) -> int:
    """How many numbers a trial learns on these sessions. Its model is built, not trained."""
    with torch.random.fork_rng():
        return parameter_count(get_task(config).build(config, sessions))


def parameter_count(model: torch.nn.Module) -> int:
    """How many numbers a model has learnt: trained weights, codebooks that follow averages, and
    arrays that were fitted in one call.
    """
    weights = [p for p in model.parameters() if p.requires_grad]
    codes = [buffer for name, buffer in model.named_buffers() if name.rpartition(".")[2] == "codes"]
    fitted = [
        array
        for part in model.modules()
        if isinstance(part, StoredArrays)
        for array in part.arrays.values()
    ]
    return sum(tensor.numel() for tensor in (*weights, *codes, *fitted))
