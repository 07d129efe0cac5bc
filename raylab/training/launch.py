"""A trial over several workers under Ray Train. Only this module imports Ray Train.

Ray Data hands each worker its own chunks. Because the workers sum their results (see `comm.py`),
their step equals the step of a single process on the same indices.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ray
import ray.train
import torch
from ray.train.torch import TorchConfig, TorchTrainer

from raylab.config.parse import parse_trial
from raylab.data.dataset import Dataset
from raylab.data.shards import build_shard, split_dataset
from raylab.errors import TrainingError
from raylab.tasks.families import get_task
from raylab.training.comm import GroupComm
from raylab.training.gate import Gate
from raylab.training.groups import remove_orphaned_groups
from raylab.training.reports import Report
from raylab.training.worker import TrialJob, describe_round, run_round, start

RESTARTS = 3  # of a trial whose worker processes died; each restart uses the last checkpoint
CLOSING_S = 60.0  # for workers to end by themselves, before they end with the trial's process


class WorkerGroup:
    """The workers of one trial, round by round.

    Args:
        workers: The number of workers.
        resources: Of each worker ("CPU", "GPU", "memory"). A little less than a whole CPU leaves
            room for the process of the trial, which only waits.
        storage: Where Ray Train keeps its own state. It is removed with the study's temporary
            files.
    """

    def __init__(
        self, job: TrialJob, *, workers: int, resources: Mapping[str, float], storage: Path
    ) -> None:
        self._job, self._workers = job, workers
        self._resources, self._storage = dict(resources), storage
        self._gate = ray.remote(num_cpus=0)(Gate).remote()
        self._error: Exception | None = None
        self._started = self._closing = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def next(self) -> Report:
        """Train to the next validation; returns its report.

        Raises:
            Exception: an error that a worker raised, or the death of a worker's process, if that
                has happened more often than `RESTARTS`.
        """
        if self._started:
            ray.get(self._gate.decide.remote(True))
        self._started = True
        result = self._gate.take.remote()
        while True:
            ready, _ = ray.wait([result], timeout=0.5)
            if ready:
                report: Report = ray.get(result)
                return report
            # These workers may be waiting for CPUs that a killed trial has reserved.
            remove_orphaned_groups()
            if not self._thread.is_alive():
                raise self._error or TrainingError("the workers ended without a result")

    def close(self) -> None:
        """Let the workers end at their next report, and wait until they have."""
        self._closing = True
        if self._thread.is_alive():
            ray.get(self._gate.decide.remote(False))
            self._thread.join(CLOSING_S)
        ray.kill(self._gate)

    def _run(self) -> None:
        try:
            trainer = self._trainer()
            for _ in range(RESTARTS + 1):
                self._error, again = _fit(trainer())
                if not again or self._closing:
                    return
        except Exception as error:  # raised by `next`, in the thread that can record it
            self._error = error

    def _trainer(self) -> Callable[[], TorchTrainer]:
        """What makes the trainer of each attempt. The dataset is split once for all attempts."""
        config = parse_trial(self._job.config, f"trial {self._job.trial}")
        left, right = get_task(config).receptive_field(config)
        shares = split_dataset(
            Dataset(self._job.data),
            config.view,
            config.sessions,
            workers=self._workers,
            left=left,
            right=right,
        )
        gpus = self._resources.get("GPU", 0) > 0
        return lambda: TorchTrainer(
            _worker,
            train_loop_config={"job": self._job.as_dict(), "gate": self._gate},
            torch_config=TorchConfig(backend="nccl" if gpus else "gloo"),
            # The dataset is split already, so that no row is lost: each worker takes the whole
            # share of its rank.
            datasets={f"worker{rank}": share for rank, share in enumerate(shares)},
            dataset_config=ray.train.DataConfig(datasets_to_split=[]),
            scaling_config=ray.train.ScalingConfig(
                num_workers=self._workers, use_gpu=gpus, resources_per_worker=self._resources
            ),
            # If a name were used twice, Ray Train would silently resume the earlier run.
            run_config=ray.train.RunConfig(
                name=f"{self._job.trial}-{uuid.uuid4().hex[:8]}", storage_path=str(self._storage)
            ),
        )


def _fit(trainer: TorchTrainer) -> tuple[Exception | None, bool]:
    """Train to the end; returns (an error that a worker raised, whether another attempt may
    succeed).
    """
    try:
        trainer.fit()
    except ray.train.WorkerGroupError as error:
        failures = list(error.worker_failures.values())
        raised = [
            failure for failure in failures if not type(failure).__module__.startswith("ray.")
        ]
        # Ray's own errors mean that a process died. A RuntimeError may only mean that a worker lost
        # its connection to one that died.
        again = len(raised) < len(failures) or all(
            isinstance(failure, RuntimeError) for failure in raised
        )
        cause = next(
            iter(sorted(raised, key=lambda failure: isinstance(failure, RuntimeError))), error
        )
        if cause is not error:
            cause.__cause__ = error  # it has the worker's traceback
        return cause, again
    return None, False


def _worker(values: dict[str, Any]) -> None:
    job, gate, comm = TrialJob(**values["job"]), values["gate"], GroupComm()
    config = parse_trial(job.config, f"trial {job.trial}")
    rows = ray.train.get_dataset_shard(f"worker{comm.rank}").iter_rows()
    shard = build_shard(Dataset(job.data), config.view, rows, config.sessions)
    training = start(job, shard=shard, comm=comm)
    go_on = True
    while go_on:
        result = describe_round(training, run_round(training, job))
        verdict = comm.rank == 0 and ray.get(gate.report.remote(result))
        go_on = bool(comm.sum_values(torch.tensor(float(verdict), device=training.device)))
