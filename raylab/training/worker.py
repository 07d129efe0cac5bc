"""One trial as a process runs it: a job in plain values, rounds of training, everything saved in the trial's folder."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from raylab.data.dataset import Dataset
from raylab.data.shard import Shard, whole_shard
from raylab.files import write_json, write_tensors
from raylab.parsing import parse_trial
from raylab.tasks import Comm
from raylab.training.loop import Training
from raylab.training.state import CHECKPOINT


@dataclass(frozen=True)
class Job:
    """What a trial's process is told: only strings, numbers and dicts, so that it travels anywhere.

    Attributes:
        trial: Its id, as "0003".
        folder: The trial's folder in the study, reachable from every node.
        data: The prepared dataset, likewise.
        config: The resolved trial config.
        threads: CPU threads of each worker.
        parent: The folder of the trained model that it adapts; empty where it starts anew.
    """

    trial: str
    folder: str
    data: str
    config: dict[str, Any]
    threads: int = 1
    parent: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def start(job: Job, *, shard: Shard | None = None, comm: Comm | None = None) -> Training:
    """The trial at its beginning, or where its last checkpoint left it."""
    # One thread unless the trial was given more: processes that share cores and spin make each other up to
    # 40 times slower.
    torch.set_num_threads(job.threads)
    config = parse_trial(job.config, f"trial {job.trial}")
    dataset = Dataset(job.data)
    if shard is None:
        shard = whole_shard(dataset, config.view, config.sessions)
    training = Training(config, dataset, shard, comm)
    folder = Path(job.folder)
    if (folder / "checkpoint" / CHECKPOINT).is_file():
        training.load(folder / "checkpoint")
        return training
    if job.parent:
        training.adopt(Path(job.parent))
    if training.comm.rank == 0:
        write_json(folder / "config.json", job.config)
    return training


def run_round(training: Training, job: Job) -> dict[str, float]:
    """Train to the next validation, validate, save; the metrics. Only the first worker writes."""
    # A trial whose end was not recorded any more comes back trained: only its validation is missing.
    trained = {} if training.done else {"loss": training.advance()}
    validation = training.validate()
    metrics = {**trained, **validation.metrics}
    keep = training.judge(metrics)
    if training.comm.rank == 0:
        folder = Path(job.folder)
        if keep and validation.arrays:
            write_tensors(folder / "embedding.safetensors", validation.arrays, validation.metadata)
        training.save_model(folder / "model")
        training.save(folder / "checkpoint")
    return metrics


def describe_round(training: Training, metrics: dict[str, float]) -> dict[str, Any]:
    """What a round tells whoever drives the trial: {"steps", "metrics", "done"}, "kept" where the model kept may be
    that of an earlier validation, and "stopped" with the reason where training ended early."""
    more = {"kept": training.kept, "stopped": training.stopped}
    told = {name: value for name, value in more.items() if value is not None}
    return {"steps": training.step, "metrics": metrics, "done": training.done, **told}
