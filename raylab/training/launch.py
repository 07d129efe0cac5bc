"""A trial over several workers under Ray Train. The only Ray Train import.

Ray Data hands each worker its own chunks; the workers' sums (see `comm.py`) make their step equal
to a single process's step on the same indices.
"""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import Mapping
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
from raylab.training.groups import remove_orphaned_groups
from raylab.training.worker import Job, describe_round, run_round, start

RESTARTS = 3  # of a trial whose worker processes died: each goes on from the last checkpoint
CLOSING_S = 60.0  # that workers have to end by themselves, before they end with the trial's process


class Gate:
    """Between a trial and the first of its workers: results go one way, the verdict on each the
    other.

    In lockstep, so that a stopped trial ends at the step it was stopped at, and its workers end by
    themselves: the placement group of killed ones stays reserved until a helper of Ray Train
    notices.
    """

    def __init__(self) -> None:
        self._results: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._verdicts: asyncio.Queue[bool] = asyncio.Queue()

    async def report(self, result: dict[str, Any]) -> bool:
        """A worker's result; whether to go on."""
        await self._results.put(result)
        return await self._verdicts.get()

    async def take(self) -> dict[str, Any]:
        return await self._results.get()

    async def decide(self, go_on: bool) -> None:
        await self._verdicts.put(go_on)


class WorkerGroup:
    """The workers of one trial, round by round.

    Args:
        workers: How many.
        resources: Of each ("CPU", "GPU", "memory"); a CPU a little below whole leaves room for the
            trial that waits.
        storage: Where Ray Train keeps its own state; removed with the study's temporary files.
    """

    def __init__(
        self, job: Job, *, workers: int, resources: Mapping[str, float], storage: Path
    ) -> None:
        self._job, self._workers, self._resources, self._storage = (
            job,
            workers,
            dict(resources),
            storage,
        )
        self._gate = ray.remote(num_cpus=0)(Gate).remote()
        self._error: Exception | None = None
        self._asked = self._closing = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def next(self) -> dict[str, Any]:
        """What the next round tells; see `describe_round`.

        Raises:
            Exception: what a worker raised; that its process died, when that happened once too
                often.
        """
        if self._asked:
            ray.get(self._gate.decide.remote(True))
        self._asked = True
        result = self._gate.take.remote()
        while True:
            ready, _ = ray.wait([result], timeout=0.5)
            if ready:
                return dict(ray.get(result))
            # of whoever was killed before: these workers may be waiting for its CPUs
            remove_orphaned_groups()
            if not self._thread.is_alive():
                raise self._error or TrainingError("the workers ended without a result")

    def close(self) -> None:
        """Let the workers end at their next report, and wait for it."""
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
        except Exception as error:  # handed to `next`, in the thread that can record it
            self._error = error

    def _trainer(self) -> Any:
        """The dataset split once, for as many attempts as it takes."""
        config = parse_trial(self._job.config, f"trial {self._job.trial}")
        left, right = get_task(config).receptive_field(config)
        shape = {"workers": self._workers, "left": left, "right": right}
        shares = split_dataset(Dataset(self._job.data), config.view, config.sessions, **shape)
        gpus = self._resources.get("GPU", 0) > 0
        return lambda: TorchTrainer(
            _worker,
            train_loop_config={"job": self._job.as_dict(), "gate": self._gate},
            torch_config=TorchConfig(backend="nccl" if gpus else "gloo"),
            # Split already, so that every row is accounted for: each worker takes the one of its
            # rank whole.
            datasets={f"worker{rank}": share for rank, share in enumerate(shares)},
            dataset_config=ray.train.DataConfig(datasets_to_split=[]),
            scaling_config=ray.train.ScalingConfig(
                num_workers=self._workers, use_gpu=gpus, resources_per_worker=self._resources
            ),
            # A name used twice would silently resume the earlier run.
            run_config=ray.train.RunConfig(
                name=f"{self._job.trial}-{uuid.uuid4().hex[:8]}", storage_path=str(self._storage)
            ),
        )


def _fit(trainer: TorchTrainer) -> tuple[Exception | None, bool]:
    """Run to the end; (what a worker raised, whether another attempt may do better)."""
    try:
        trainer.fit()
    except ray.train.WorkerGroupError as error:
        failures = list(error.worker_failures.values())
        raised = [
            failure for failure in failures if not type(failure).__module__.startswith("ray.")
        ]
        # Ray's own errors mean that a process died; a RuntimeError may only be its peer's lost
        # connection.
        again = len(raised) < len(failures) or all(
            isinstance(failure, RuntimeError) for failure in raised
        )
        cause = next(
            iter(sorted(raised, key=lambda failure: isinstance(failure, RuntimeError))), error
        )
        if cause is not error:
            cause.__cause__ = error  # which has the worker's traceback
        return cause, again
    return None, False


def _worker(values: dict[str, Any]) -> None:
    job, gate, comm = Job(**values["job"]), values["gate"], GroupComm()
    config = parse_trial(job.config, f"trial {job.trial}")
    rows = ray.train.get_dataset_shard(f"worker{comm.rank}").iter_rows()
    shard = build_shard(Dataset(job.data), config.view, rows, config.sessions)
    training = start(job, shard=shard, comm=comm)
    go_on = True
    while go_on:
        result = describe_round(training, run_round(training, job))
        verdict = comm.rank == 0 and ray.get(gate.report.remote(result))
        go_on = bool(comm.sum_values(torch.tensor(float(verdict), device=training.device)))
