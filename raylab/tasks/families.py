"""The task of a trial config, whatever its family."""

from __future__ import annotations

from typing import TypeAlias, cast

import torch

from raylab.config.families import FAMILIES
from raylab.config.trial import TrialConfig
from raylab.tasks.protocol import Task

AnyTask: TypeAlias = Task[TrialConfig, torch.nn.Module, object]


def get_task(config: TrialConfig) -> AnyTask:
    """The task of a config's family. It is imported on use, because a family may need libraries
    that other families do not need.
    """
    return cast(AnyTask, FAMILIES.builder(config)())
