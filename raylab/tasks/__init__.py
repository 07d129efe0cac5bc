"""Model families behind one small protocol, in an explicit dict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from raylab.config.trial import TrialConfig
from raylab.data.dataset import SessionSpec
from raylab.tasks.protocol import Comm, Task, Validation

if TYPE_CHECKING:
    import torch


def get_task(config: TrialConfig) -> Task[Any]:
    """The task of a trial's family. Imported on use: a family may need libraries that others do
    not.
    """
    kind = config.task.kind
    if kind == "contrastive":
        from raylab.tasks.contrastive import ContrastiveFamily

        return ContrastiveFamily()
    if kind == "vqvae":
        from raylab.tasks.vqvae import VqvaeFamily

        return VqvaeFamily()
    if kind == "decoder":
        from raylab.tasks.decoder import DecoderFamily

        return DecoderFamily()
    raise AssertionError(f"config validated a family without a task: {kind}")


def learnt_numbers(config: TrialConfig, sessions: Mapping[str, SessionSpec]) -> int:
    """How many numbers a trial learns: weights, and codes that follow averages."""
    import torch

    with torch.random.fork_rng():
        return numbers_learnt(get_task(config).build(config, sessions))


def numbers_learnt(module: torch.nn.Module) -> int:
    """The same of a model: trained weights, codes, and arrays that were fitted at once."""
    from raylab.models.stored import StoredArrays

    fitted = [
        array
        for part in module.modules()
        if isinstance(part, StoredArrays)
        for array in part.arrays.values()
    ]
    codes = [
        buffer for name, buffer in module.named_buffers() if name.rpartition(".")[2] == "codes"
    ]
    return sum(
        each.numel()
        for each in [*(p for p in module.parameters() if p.requires_grad), *codes, *fitted]
    )


__all__ = ["Comm", "Task", "Validation", "get_task", "learnt_numbers", "numbers_learnt"]
