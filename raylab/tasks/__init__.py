"""Model families behind one small protocol, in an explicit dict."""

from __future__ import annotations

from typing import Any

from raylab.config import TrialConfig
from raylab.tasks.protocol import Comm, Task, Validation


def get_task(config: TrialConfig) -> Task[Any]:
    """The task of a trial's family. Imported on use: a family may need libraries that others do not."""
    kind = config.task.kind  # type: ignore[attr-defined]  # every family has its own task section
    if kind == "contrastive":
        from raylab.tasks.contrastive import ContrastiveFamily

        return ContrastiveFamily()
    raise AssertionError(f"config validated a family without a task: {kind}")


__all__ = ["Comm", "Task", "Validation", "get_task"]
