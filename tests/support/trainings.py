"""Trainings in this process, run to their end or to a step, and compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from helpers import trial

from raylab.config.trial import TrialConfig
from raylab.data.dataset import Dataset
from raylab.data.shard import whole_shard
from raylab.training.loop import Training
from raylab.training.worker import TrialJob


def training(config: TrialConfig, data: Dataset) -> Training:
    return Training(config, data, whole_shard(data, config.view, config.sessions))


def run(one: Training, *, until: int | None = None) -> list[float]:
    losses = []
    while not one.done and (until is None or one.step < until):
        losses.append(one.advance())
        one.validate()  # as a trial does: it must not touch any random stream or weight
    return losses


def same(one: Training, other: Training) -> bool:
    mine, theirs = one.model.state_dict(), other.model.state_dict()
    return mine.keys() == theirs.keys() and all(
        torch.equal(mine[name], theirs[name]) for name in mine
    )


def job(tmp_path: Path, made: Dataset, **sections: Any) -> TrialJob:
    return TrialJob(
        "0000", str(tmp_path / "0000"), str(made.path), trial(**sections).model_dump(mode="json")
    )
