"""One trial as a process runs it: a job in plain values, rounds of training, everything saved in
the trial's folder.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from raylab.config.parse import parse_trial
from raylab.data.dataset import Dataset
from raylab.data.shard import Shard, whole_shard
from raylab.files import write_json, write_tensors
from raylab.processes import write_process
from raylab.tasks.protocol import Comm
from raylab.training.loop import Training
from raylab.training.reports import note_report
from raylab.training.state import CHECKPOINT, piece_of


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
        until: Of a population's member: the step at which its generation ends; None to train to the
            last step.
        piece: How many times it took over another member's weights: those of `taken_path` are what
            it begins from.
    """

    trial: str
    folder: str
    data: str
    config: dict[str, Any]
    threads: int = 1
    parent: str = ""
    until: int | None = None
    piece: int = 0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def start(job: Job, *, shard: Shard | None = None, comm: Comm | None = None) -> Training:
    """The trial at its beginning, or where its last checkpoint left it."""
    # One thread unless the trial was given more: processes that share cores and spin make each
    # other up to 40 times slower.
    torch.set_num_threads(job.threads)
    config = parse_trial(job.config, f"trial {job.trial}")
    dataset = Dataset(job.data)
    if shard is None:
        shard = whole_shard(dataset, config.view, config.sessions)
    training = Training(config, dataset, shard, comm)
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
    """Of a trial's folder: the checkpoint that it took over from another member of its population."""
    return folder / "taken" / f"{piece}.safetensors"


def run_round(training: Training, job: Job) -> dict[str, float]:
    """Train to the next validation, validate, save; the metrics. Only the first worker writes."""
    # A trial whose end, or whose generation's, was not recorded any more comes back trained: only
    # its validation is missing.
    over = training.done or (job.until is not None and training.step >= job.until)
    trained = {} if over else {"loss": training.advance()}
    validation = training.validate()
    metrics = {**trained, **validation.metrics}
    keep = training.judge(metrics)
    if training.comm.rank == 0:
        folder = Path(job.folder)
        note_report(
            folder, {"time": time.time(), "piece": job.piece, **describe_round(training, metrics)}
        )
        if keep and validation.arrays:
            write_tensors(folder / "embedding.safetensors", validation.arrays, validation.metadata)
        training.save_model(folder / "model")
        training.save(folder / "checkpoint" / CHECKPOINT, piece=job.piece)
    return metrics


def describe_round(training: Training, metrics: dict[str, float]) -> dict[str, Any]:
    """What a round tells whoever drives the trial: {"steps", "metrics", "done"}, "kept" where the
    model kept may be that of an earlier validation, and "stopped" with the reason where training
    ended early.
    """
    more = {"kept": training.kept, "stopped": training.stopped}
    told = {name: value for name, value in more.items() if value is not None}
    return {"steps": training.step, "metrics": metrics, "done": training.done, **told}
