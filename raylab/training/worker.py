"""One trial as a process runs it: a job of plain values, rounds of training, and everything that is
saved in the trial's folder.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from raylab.config.parse import parse_trial
from raylab.config.trial import ConfigValues
from raylab.data.dataset import Dataset
from raylab.data.shard import Shard, whole_shard
from raylab.files import write_json, write_tensors
from raylab.processes import write_process
from raylab.tasks.protocol import Comm
from raylab.training.checkpoints import CHECKPOINT, piece_of
from raylab.training.loop import Training
from raylab.training.reports import Report, store_report


@dataclass(frozen=True)
class TrialJob:
    """Everything that a process needs to train a trial. All values are strings, numbers and dicts,
    so that a job can be sent to any process.

    Attributes:
        trial: Its id, such as "0003".
        folder: The trial's folder in the study, reachable from every node.
        data: The prepared dataset, likewise.
        config: The resolved trial config.
        threads: CPU threads of each worker.
        parent: The folder of the trained model that the trial adapts; empty where there is none.
        until: Of a member of a population: the step at which its generation ends. None to train to
            the last step.
        piece: How many times the trial took over the weights of another member. If it did, it
            begins from those at `taken_path`.
    """

    trial: str
    folder: str
    data: str
    config: ConfigValues
    threads: int = 1
    parent: str = ""
    until: int | None = None
    piece: int = 0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def start(
    job: TrialJob, *, shard: Shard | None = None, comm: Comm | None = None, fit: bool = True
) -> Training:
    """The trial at its beginning, or at its last checkpoint if it has one. `fit` is as of
    `Training`.
    """
    # One thread unless the job says otherwise: processes that share cores and spin make each other
    # up to 40 times slower.
    torch.set_num_threads(job.threads)
    config = parse_trial(job.config, f"trial {job.trial}")
    dataset = Dataset(job.data)
    if shard is None:
        shard = whole_shard(dataset, config.view, config.sessions)
    training = Training(config, dataset, shard, comm, fit=fit)
    folder = Path(job.folder)
    write_process(folder / f"process-{training.comm.rank}.json")
    if piece_of(folder / "checkpoint" / CHECKPOINT) == job.piece:
        training.load(folder / "checkpoint" / CHECKPOINT)
        return training
    if job.piece:
        training.load(taken_path(folder, job.piece))
    elif job.parent:
        training.adopt(Path(job.parent))
    if training.comm.rank == 0:
        write_json(folder / "config.json", job.config)
    return training


def taken_path(folder: Path, piece: int) -> Path:
    """The checkpoint, in a trial's folder, that it took over from another member."""
    return folder / "taken" / f"{piece}.safetensors"


def run_round(training: Training, job: TrialJob) -> dict[str, float]:
    """Train to the next validation, validate and save; returns the metrics. Only the first worker
    writes.
    """
    # If the end of a trial, or of its generation, was not recorded before a crash, the trial comes
    # back trained: only its validation is missing.
    trained = training.done or (job.until is not None and training.step >= job.until)
    losses = {} if trained else {"loss": training.advance()}
    validation = training.validate()
    metrics = {**losses, **validation.metrics}
    keep = training.judge(metrics)
    if training.comm.rank == 0:
        folder = Path(job.folder)
        store_report(
            folder, {"time": time.time(), "piece": job.piece, **describe_round(training, metrics)}
        )
        if keep and validation.arrays:
            write_tensors(folder / "embedding.safetensors", validation.arrays, validation.metadata)
        training.save_model(folder / "model")
        training.save(folder / "checkpoint" / CHECKPOINT, piece=job.piece)
    return metrics


def describe_round(training: Training, metrics: dict[str, float]) -> Report:
    """The report of a round, for whoever drives the trial."""
    report: Report = {"steps": training.step, "metrics": metrics, "done": training.done}
    if training.kept is not None:
        report["kept"] = training.kept
    if training.stopped is not None:
        report["stopped"] = training.stopped
    return report
