"""Trials over two workers under Ray Train, inside Ray Tune, on two CPUs."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest
import ray
import yaml
from helpers import dataset, session
from processes import descendants, raylab, wait_until

import raylab as package
from raylab.cluster import connect
from raylab.config.splits import TrialSplits
from raylab.data.dataset import Dataset
from raylab.tracking.study import StudyFolder

pytestmark = pytest.mark.ray
BASE = {
    "model.encoder.hidden_units": 8,
    "training.batch_size": 64,
    "training.max_steps": 60,
    "training.validate_every": 20,
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("workers") / "ds"
    trials = [
        [[25 * at, 25 * at + 25] for at in range(count)] for count in (30, 24)
    ]  # shorter than offset36 sees
    one = session("a", samples=750, segments=trials[0])
    other = session("b", samples=600, units=4, seed=1, segments=trials[1])
    return dataset(folder, one, other, splits=TrialSplits())


def test_trials_over_two_workers_end_as_trials_of_one_do(data: Dataset, tmp_path: Path) -> None:
    """One after the other on two CPUs: completed, stopped early, failed. Nothing stays reserved."""
    space: dict[str, Any] = {
        "objective": {"metric": "decoding.score"},
        "base": BASE,
        "search": {
            "optimizer.learning_rate": {"categorical": [1e-2, 1e-6]},
            "model.encoder.kind": {"categorical": ["offset1", "offset36"]},
        },
        "sampler": {"kind": "random"},
        "points": [  # one that completes, a worse one, one that fails
            {
                "optimizer.learning_rate": 1e-6,
                "model.encoder.kind": "offset1",
            },  # random weights decode well here
            {"optimizer.learning_rate": 1e-2, "model.encoder.kind": "offset1"},
            {"optimizer.learning_rate": 1e-2, "model.encoder.kind": "offset36"},
        ],
        "scheduler": {"kind": "asha", "grace_steps": 20},
        "budget": {"trials": 3},
    }
    ray.shutdown()
    connect(cpus=2, dashboard=True)
    try:
        over_two = package.search(
            space, data=data.path, out=tmp_path / "two", overrides={"resources.workers": 2}
        )
        wait_until(lambda: ray.available_resources().get("CPU") == 2, seconds=30)
        groups = ray.util.placement_group_table().values()
        assert {group["state"] for group in groups} == {"REMOVED"}
        over_one = package.search(
            space, data=data.path, out=tmp_path / "one", overrides={"resources.concurrent": 1}
        )
    finally:
        ray.shutdown()
    two, one = over_two.records(), over_one.records()
    assert {record.state for record in two} == {"completed", "pruned", "failed"}
    for record, other in zip(two, one):
        assert (record.trial, record.state, record.step) == (other.trial, other.state, other.step)
        assert record.params == other.params
        assert record.score == pytest.approx(
            other.score, abs=0.02
        )  # neighbours that are equally near
        assert record.error == other.error
        assert [step for _, step, _ in record.history] == [step for _, step, _ in other.history]
        for (_, _, metrics), (_, _, others) in zip(record.history, other.history):
            assert metrics["loss"] == pytest.approx(others["loss"], rel=1e-4)
    # Stopped at a rung: the weights kept are those of that step, the workers did not run ahead.
    stopped = next(record for record in two if record.state == "pruned")
    from safetensors import safe_open

    with safe_open(
        over_two.checkpoint_folder(stopped.trial) / "checkpoint.safetensors", framework="pt"
    ) as file:
        assert json.loads(file.metadata()["training"])["step"] == stopped.step


@pytest.mark.chaos
def test_a_killed_worker_comes_back_at_the_last_checkpoint(data: Dataset, tmp_path: Path) -> None:
    """`raylab train --workers 2`: kill -9 of one worker costs a restart, not the trial."""
    config, study, log = tmp_path / "config.yaml", tmp_path / "study", tmp_path / "log.txt"
    config.write_text(
        yaml.safe_dump({"training": {"max_steps": 1500, "validate_every": 125, "batch_size": 64}})
    )
    arguments = ["train", config, "--data", data.path, "--out", study, "--workers", "2"]
    arguments += ["--set", "model.encoder.kind=offset1"]
    with raylab(*arguments, log=log, RAYLAB_HOME=str(tmp_path)) as process:
        wait_until(lambda: reports(study), seconds=120, process=process)
        workers = [
            pid
            for pid, name in descendants(process.pid).items()
            if re.match(r"ray::.*TrainWorker", name)
        ]
        assert len(workers) == 2
        os.kill(workers[-1], signal.SIGKILL)
        assert process.wait(180) == 0, log.read_text()
    (record,) = StudyFolder.open(study).records()
    assert (record.state, record.step, record.error) == ("completed", 1500, None)
    assert [step for _, step, _ in record.history] == list(range(125, 1501, 125))
    assert package.load(study).transform(data.open("a").neural, session="a").shape == (750, 8)


def reports(study: Path) -> int:
    if not (study / "ledger").is_dir():
        return 0
    return sum(len(record.history) for record in StudyFolder.open(study).records())
