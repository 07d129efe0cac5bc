"""When two configs are one and the same trial.

A trial is deterministic, so configs that differ only in settings without effect give the same
weights and the same scores. The canonical config of a trial has the default in place of each
setting that the rest of the config, or the recording, leaves without effect. Only what is exactly
without effect is replaced: two trials with equal canonical configs have equal scores, to the bit.

The canonical config only serves to compare trials. It is never trained or recorded: the record
states the config that was drawn, and that ran.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import ceil

from raylab.config.base import defaults
from raylab.config.training import OneCycleSchedule, OptimizerConfig, TrainingConfig
from raylab.config.trial import TrialConfig
from raylab.data.datasets.specs import SessionSpec
from raylab.data.views.canonical import canonical_view
from raylab.tasks.families import get_task
from raylab.training.updates.schedule import warmup_steps


def canonical(config: TrialConfig, sessions: Mapping[str, SessionSpec]) -> TrialConfig:
    """The config with each setting without effect at its default.

    Args:
        sessions: The sessions of the dataset, by name.

    Returns:
        A config to compare with others. It need not be valid: defaults may not fit each other.
    """
    used = config.sessions.used(sessions)
    plain = config.model_copy(
        update={
            "view": canonical_view(config.view, used),
            "optimizer": _optimizer(config.optimizer, config.training.max_steps),
            "training": _training(config.training),
        }
    )
    return get_task(config).canonical(plain, used)


def same_trial(config: TrialConfig, sessions: Mapping[str, SessionSpec]) -> str:
    """A text that is equal for configs that are the same trial."""
    return json.dumps(canonical(config, sessions).model_dump(mode="json"), sort_keys=True)


def _optimizer(config: OptimizerConfig, steps: int) -> OptimizerConfig:
    """Without weight decay, adamw is adam. A share of steps as a warm-up is a number of steps."""
    changes: dict[str, object] = {}
    if config.weight_decay == 0:
        changes["kind"] = "adam"
    if not isinstance(config.schedule, OneCycleSchedule):
        warmup = float(warmup_steps(config.schedule, steps=steps))
        changes["schedule"] = config.schedule.model_copy(update={"warmup": warmup})
    return config.model_copy(update=changes)


def _training(config: TrainingConfig) -> TrainingConfig:
    """The validations as their interval. Of a single validation, the best is the last. A patience
    that lasts until the last validation never ends training.
    """
    validations = ceil(config.max_steps / config.interval)
    changes: dict[str, object] = {"validate_every": config.interval}
    if validations == 1:
        changes |= defaults(config, "keep", "early_stopping", "monitor")
    elif config.early_stopping is not None and config.early_stopping.patience >= validations - 1:
        changes["early_stopping"] = None
    return config.model_copy(update=changes)
