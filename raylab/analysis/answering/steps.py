"""Steps of training as candidates: each validation's model is what a shorter training gives."""

from __future__ import annotations

from typing import Any

from raylab.config.training import ConstantSchedule
from raylab.config.trial import TrialConfig
from raylab.errors import ConfigError
from raylab.training.updates.schedule import warmup_steps

LAST = {"training.keep": "last", "training.early_stopping": None, "training.monitor": None}


def check_steps(config: TrialConfig) -> None:
    """ConfigError where the candidates of a config cannot be repeated on more samples."""
    if not config.sessions.validates:
        raise ConfigError(
            f"sessions.train_on '{config.sessions.train_on}' leaves no validation samples",
            "Leave it out where settings are chosen.",
        )
    schedule = config.optimizer.schedule
    if config.training.early_stopping and not isinstance(schedule, ConstantSchedule):
        raise ConfigError(
            f"training.early_stopping: with optimizer.schedule.kind '{schedule.kind}' a shorter "
            "training has other learning rates, so an earlier step cannot be repeated",
            "Leave it out, or use a constant schedule.",
        )


def step_overrides(config: TrialConfig, step: int) -> dict[str, Any] | None:
    """The values by dotted path with which a training ends at this step, as the same training.

    Where the learning rate depends on the number of steps, only the last step is a candidate.

    Returns:
        None where no training ends so.
    """
    training, schedule = config.training, config.optimizer.schedule
    if config.at_once:
        return {}
    # Random streams begin anew at each validation, so these stay where they are.
    overrides: dict[str, Any] = {
        "training.max_steps": step,
        "training.validate_every": training.interval,
        **(LAST if training.keep == "best" else {}),
    }
    if not isinstance(schedule, ConstantSchedule):
        return overrides if step == training.max_steps else None
    warmup = warmup_steps(schedule, steps=training.max_steps)
    if warmup and step <= warmup:
        return None
    return overrides | ({"optimizer.schedule.warmup": float(warmup)} if schedule.warmup else {})
