"""A trial that is trained again from its beginning to a step: piece after piece, each with its own
config.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from raylab.config.trial import ConfigValues
from raylab.training.checkpoints import CHECKPOINT
from raylab.training.reports import Report
from raylab.training.worker import TrialJob, describe_round, run_round, start, taken_path

Round = Callable[[], Report]  # trains to the next validation


@dataclass(frozen=True)
class Piece:
    """A resolved trial config, and the step until which it was in force."""

    config: ConfigValues
    until: int


def train_chain(
    job: TrialJob,
    pieces: Sequence[Piece],
    rounds: Callable[[TrialJob], contextlib.AbstractContextManager[Round]],
) -> Report:
    """Train in the job's folder; returns the report of the last validation.

    A plain trial is one piece. A member of a population has one more piece for each time that it
    took over weights: the next config continues from the checkpoint of the piece before, with its
    weights and moments.

    Args:
        job: Its config is replaced by that of each piece.
        pieces: At least one.
        rounds: `in_this_process`, or `with_workers`.
    """
    for number, piece in enumerate(pieces):
        if number:
            taken = taken_path(Path(job.folder), number)
            taken.parent.mkdir(exist_ok=True)
            shutil.copyfile(Path(job.folder) / "checkpoint" / CHECKPOINT, taken)
        with rounds(replace(job, config=piece.config, piece=number)) as advance:
            report = advance()
            while not report["done"] and report["steps"] < piece.until:
                report = advance()
    return report


@contextlib.contextmanager
def in_this_process(job: TrialJob) -> Iterator[Round]:
    """The only worker is this process. Its number of threads is restored afterwards."""
    threads = torch.get_num_threads()
    try:
        training = start(job)
        yield lambda: describe_round(training, run_round(training, job))
    finally:
        torch.set_num_threads(threads)


@contextlib.contextmanager
def with_workers(job: TrialJob, *, workers: int, resources: Mapping[str, float]) -> Iterator[Round]:
    """Several workers under Ray Train. `resources` are those of each worker, as Ray names them."""
    from raylab.training.launch import WorkerGroup

    group = WorkerGroup(
        job, workers=workers, resources=resources, storage=Path(job.folder) / ".ray"
    )
    try:
        yield group.next
    finally:
        group.close()
