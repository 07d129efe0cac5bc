"""A trial over several workers under Ray Train. The only Ray Train import.

Ray Data hands each worker its own chunks; the workers' sums (see `comm.py`) make their step equal to a single
process's step on the same indices.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import ray.train
from ray.train.torch import TorchConfig, TorchTrainer
from ray.tune.integration.ray_train import TuneReportCallback

from raylab.data.dataset import Dataset
from raylab.data.shards import build_shard, split_dataset
from raylab.parsing import parse_trial
from raylab.tasks import get_task
from raylab.training.comm import GroupComm
from raylab.training.worker import Job, run_round, start


class OwnShares(ray.train.DataConfig):
    """Worker i gets the dataset named `worker<i>` whole; they were split before, so that every row is accounted for."""

    def configure(
        self,
        datasets: dict[str, Any],
        world_size: int,
        worker_handles: Any = None,
        worker_node_ids: Any = None,
        **more: Any,
    ) -> list[dict[str, Any]]:
        return [{"shard": datasets[f"worker{rank}"].iterator()} for rank in range(world_size)]


def train_distributed(job: Job, *, workers: int, cpus: float, gpus: float, storage: Path) -> None:
    """Train over `workers`; called inside a Tune trial, to which rank 0's metrics are forwarded.

    Args:
        cpus: Of each worker; a little less than whole ones leaves room for the trial that waits for them.
        storage: Where Ray Train keeps its own state; removed with the study's temporary files.
    """
    config = parse_trial(job.config, f"trial {job.trial}")
    dataset = Dataset(job.data)
    left, right = get_task(config).receptive_field(config)
    shares = split_dataset(dataset, config.view, workers=workers, left=left, right=right)
    resources: dict[str, float] = {"CPU": cpus}
    if gpus:
        resources["GPU"] = gpus
    TorchTrainer(
        _worker,
        train_loop_config=job.as_dict(),
        torch_config=TorchConfig(backend="nccl" if gpus else "gloo"),
        datasets={f"worker{rank}": share for rank, share in enumerate(shares)},
        dataset_config=OwnShares(),
        scaling_config=ray.train.ScalingConfig(num_workers=workers, use_gpu=gpus > 0, resources_per_worker=resources),
        # A name used twice would silently resume the earlier run.
        run_config=ray.train.RunConfig(
            name=f"{job.trial}-{uuid.uuid4().hex[:8]}",
            storage_path=str(storage),
            callbacks=[TuneReportCallback()],
            failure_config=ray.train.FailureConfig(max_failures=2),
        ),
    ).fit()


def _worker(values: dict[str, Any]) -> None:
    job = Job(**values)
    config = parse_trial(job.config, f"trial {job.trial}")
    rows = ray.train.get_dataset_shard("shard").iter_rows()
    shard = build_shard(Dataset(job.data), config.view, rows)
    training = start(job, shard=shard, comm=GroupComm())
    while not training.done:
        metrics = run_round(training, job)
        ray.train.report({**metrics, "steps": training.step})
