"""Adam over flat parameters, and what the schedule makes of it at a step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from raylab.config import CycledBeta, OneCycleSchedule, OptimizerConfig
from raylab.training.schedule import cycled_beta1, rate_factor

_OPTIMIZERS: dict[str, type[torch.optim.Optimizer]] = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}


def make_optimizer(config: OptimizerConfig, stretches: Sequence[torch.nn.Parameter]) -> torch.optim.Optimizer:
    """Of all parameters, or of weights and the rest: only weights decay.

    A decayed bias moves a layer's working point and a decayed log temperature pulls the temperature to 1, both
    without making anything simpler.
    """
    decays = (config.weight_decay, 0.0)
    groups = [{"params": [stretch], "weight_decay": decay} for stretch, decay in zip(stretches, decays)]
    arguments: dict[str, Any] = {"lr": config.learning_rate, "fused": True}
    return _OPTIMIZERS[config.kind](groups, **arguments)


def apply_schedule(optimizer: torch.optim.Optimizer, config: OptimizerConfig, *, step: int, steps: int) -> None:
    """Set what the update after `step` earlier ones uses, of `steps` in all."""
    schedule = config.schedule
    rate = config.learning_rate * rate_factor(schedule, step=step, steps=steps)
    for group in optimizer.param_groups:
        group["lr"] = rate
        if isinstance(schedule, OneCycleSchedule) and isinstance(schedule.beta1, CycledBeta):
            group["betas"] = (cycled_beta1(schedule, schedule.beta1, step=step, steps=steps), group["betas"][1])
