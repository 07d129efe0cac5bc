"""What `raylab.plan` returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from raylab.results import Result
from raylab.space.parameters import Scalar


@dataclass(frozen=True)
class Node(Result):
    """What Ray counts on one node of a cluster; memory in bytes."""

    cpus: float
    gpus: float
    memory: float

    def to_dict(self) -> dict[str, float]:
        """The node under the names that Ray uses."""
        return {"CPU": self.cpus, "GPU": self.gpus, "memory": self.memory}


@dataclass(frozen=True)
class AtOnce(Result):
    """How many trials run at the same time.

    Attributes:
        bound: What allows no more: "CPU", "GPU", "memory", "resources.concurrent" or "trials".
    """

    trials: int
    bound: str
    nodes: list[Node]


@dataclass(frozen=True)
class Worker(Result):
    """What is reserved for one worker of a trial, and how many workers a trial has."""

    threads: int
    cpus: int
    gpus: float
    memory_gb: float | None
    workers: int


@dataclass(frozen=True)
class ProbeRow(Result):
    """One draw that was tried.

    Attributes:
        steps: The training steps of the whole trial.
        validations: The validations of the whole trial.
        error: Why this draw cannot run; None where it can.
        seconds: The estimated time of the whole trial; None where the draw cannot run.
        cost: The measurements, named as the fields of `raylab.training.measuring.Cost`.
    """

    params: Mapping[str, Scalar]
    steps: int
    validations: int
    error: str | None
    seconds: float | None = field(default=None, metadata={"omit_none": True})
    cost: Mapping[str, float] | None = field(default=None, metadata={"omit_none": True})


@dataclass(frozen=True)
class Seconds(Result):
    """An estimate of a time, in seconds.

    Attributes:
        estimate: The weighted mean over the draws that were tried.
        low: The time if all trials were like the cheapest draw.
        high: The time if all trials were like the dearest draw.
        least: The estimate if the scheduler stops all trials that it can, as soon as it can.
    """

    estimate: float
    low: float
    high: float
    least: float


@dataclass(frozen=True)
class MemoryUse(Result):
    """Memory in bytes.

    Attributes:
        worker: The most that one worker held.
        above_idle: The most that one worker held above a process that has only loaded libraries.
        node: What all workers that one node holds at the same time may hold together.
        free: What Ray counts on the smallest node that runs any worker; infinite where unknown.
        gpu: What all workers that share one GPU may hold on it together.
        gpu_free: The memory of that GPU; 0 without one.
    """

    worker: float
    above_idle: float
    node: float
    free: float
    gpu: float
    gpu_free: float


@dataclass(frozen=True)
class DiskUse(Result):
    """Disk space in bytes: of the largest trial, of a study of such trials, and what is free."""

    trial: float
    study: float
    free: float


@dataclass(frozen=True)
class Forecast(Result):
    """What a search would be.

    Attributes:
        trials: How many trials the budget allows.
        notes: What the checks changed or noticed, one sentence each.
        at_once: How many trials run at the same time, and on which nodes.
        each: What each worker of a trial gets.
        probe: The draws that were tried; empty without a probe.
        trial_s: The time of one trial; None without a probe, as are the three below.
        study_s: The time of the study.
        memory: The memory that trials need.
        disk: The disk space that the study needs.
        warnings: What would go wrong, one sentence each.
    """

    trials: int
    notes: list[str]
    at_once: AtOnce
    each: Worker
    probe: list[ProbeRow]
    trial_s: Seconds | None
    study_s: Seconds | None
    memory: MemoryUse | None
    disk: DiskUse | None
    warnings: list[str]
