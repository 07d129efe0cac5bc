"""A trial trained anew, from its beginning to a step: one piece after the other, each with a config
of its own.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from raylab.training.state import CHECKPOINT
from raylab.training.worker import Job, describe_round, run_round, start, taken_path

Round = Callable[
    [], dict[str, Any]
]  # trains to the next validation; what it tells, see `describe_round`


@dataclass(frozen=True)
class Piece:
    """A resolved trial config, and the step until which it was in force."""

    config: dict[str, Any]
    until: int


def train_chain(
    job: Job,
    pieces: Sequence[Piece],
    rounds: Callable[[Job], contextlib.AbstractContextManager[Round]],
) -> dict[str, Any]:
    """Train in the job's folder; what the last round tells.

    A plain trial is one piece. A member of a population has one for each time that it took over
    weights: the next config goes on from the checkpoint of the one before, with its weights and
    moments.

    Args:
        job: Its config is replaced by each piece's.
        rounds: `in_this_process`, or `with_workers`.
    """
    told: dict[str, Any] = {}
    for number, piece in enumerate(pieces):
        if number:
            taken = taken_path(Path(job.folder), number)
            taken.parent.mkdir(exist_ok=True)
            shutil.copyfile(Path(job.folder) / "checkpoint" / CHECKPOINT, taken)
        with rounds(replace(job, config=piece.config, piece=number)) as advance:
            told = advance()
            while not told["done"] and told["steps"] < piece.until:
                told = advance()
    return told


@contextlib.contextmanager
def in_this_process(job: Job) -> Iterator[Round]:
    """The only worker is this process; it keeps its own number of threads for afterwards."""
    threads = torch.get_num_threads()
    try:
        training = start(job)
        yield lambda: describe_round(training, run_round(training, job))
    finally:
        torch.set_num_threads(threads)


@contextlib.contextmanager
def with_workers(job: Job, *, workers: int, resources: Mapping[str, float]) -> Iterator[Round]:
    """Several, under Ray Train. `resources` are of each, as Ray names them."""
    from raylab.training.launch import WorkerGroup

    group = WorkerGroup(
        job, workers=workers, resources=resources, storage=Path(job.folder) / ".ray"
    )
    try:
        yield group.next
    finally:
        group.close()
