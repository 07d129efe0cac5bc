"""Nothing lost, nothing twice: studies whose parts are killed at random end as those that were left
in peace.

`make chaos` makes at least a hundred kills (RAYLAB_KILLS); without it a few.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import optuna
import pytest
import ray
import yaml
from campaign import Campaign, Server
from helpers import dataset, session
from processes import RAYLAB, mlflow_children

import raylab as package
from raylab.cluster import connect
from raylab.data.dataset import Dataset
from raylab.ports import free_port
from raylab.tracking.records import TrialRecord
from raylab.tracking.study import StudyFolder

pytestmark = [pytest.mark.ray, pytest.mark.chaos, pytest.mark.timeout(7200)]
KILLS = int(os.environ.get("RAYLAB_KILLS", "4"))
SEED = int(os.environ.get("RAYLAB_SEED", "0"))
A_STUDY = 12  # kills aimed at one study
OVER_TWO_AT = 1  # which of every four studies has trials over two workers
BASE = {
    "model.encoder.kind": "offset1",
    "model.encoder.hidden_units": 16,
    "training.batch_size": 128,
}
SHORT = {
    "base": {**BASE, "training.max_steps": 1500, "training.validate_every": 100},
    "search": {
        "optimizer.learning_rate": {"categorical": [1e-4, 1e-3, 1e-2]},
        "loss.temperature": {"categorical": [0.5, 1.0]},
        "training.keep": {"categorical": ["last", "best"]},
    },
    "sampler": {"kind": "grid"},
    "resources": {"cpus": 1, "concurrent": 2},
}
OVER_TWO = {
    "base": {**BASE, "training.max_steps": 4000, "training.validate_every": 100},
    "search": {"loss.temperature": {"categorical": [0.5, 1.0, 2.0]}},
    "sampler": {"kind": "grid"},
    "resources": {"cpus": 1, "workers": 2},
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return dataset(
        tmp_path_factory.mktemp("chaos") / "ds", session("a", samples=2000), session("b", seed=1)
    )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    found = Server(tmp_path_factory.mktemp("server"), free_port())
    found.start()
    yield found
    found.kill()


@pytest.fixture(scope="module")
def peaceful(
    data: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[int], StudyFolder]:
    """By workers: what a study is when nothing happens to it."""

    @cache
    def search(workers: int) -> StudyFolder:
        home = tmp_path_factory.mktemp("peaceful")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("RAYLAB_HOME", str(home))
            patch.delenv("MLFLOW_TRACKING_URI", raising=False)
            ray.shutdown()
            connect(cpus=2, dashboard=workers > 1)
            space = SHORT if workers == 1 else OVER_TWO
            found = package.search(space, data=data.path, out=home / "study", say=lambda line: None)
            ray.shutdown()
        return found

    return search


def test_killed_studies_end_as_those_left_in_peace(
    data: Dataset, server: Server, peaceful: Callable[[int], StudyFolder], tmp_path: Path
) -> None:
    killed: Counter[str] = Counter()
    number = 0
    while killed.total() < KILLS:
        workers = 2 if number % 4 == OVER_TWO_AT else 1  # some of them over two workers
        study = tmp_path / f"study{number}"
        killed += _campaign(
            data,
            server,
            study,
            workers,
            seed=SEED + number,
            most=min(A_STUDY, KILLS - killed.total()),
        )
        _check(StudyFolder.open(study), peaceful(workers))
        print(
            f"study {number}, {workers} workers: {killed.total()} kills so far, {dict(killed)}",
            flush=True,
        )
        number += 1
    print(f"{killed.total()} kills in {number} studies: {dict(killed)}")
    assert killed.total() == KILLS


def _campaign(
    data: Dataset, server: Server, study: Path, workers: int, *, seed: int, most: int
) -> Counter[str]:
    space, log = study.with_suffix(".yaml"), study.with_suffix(".log")
    space.write_text(yaml.safe_dump(SHORT if workers == 1 else OVER_TWO, sort_keys=False))
    command = [*RAYLAB, "search", str(space), "--data", str(data.path), "--out", str(study)]
    campaign = Campaign(study, command, server, random.Random(seed), most, workers, log)
    campaign.run()
    server.wait()
    package.sync(study)
    said: list[str] = []
    package.resume(study, say=said.append)
    assert "nothing to resume" in said[-1]
    return campaign.killed


def _check(study: StudyFolder, peaceful: StudyFolder) -> None:
    """Ledger, Optuna, MLflow and files: each trial once, and what it would have been."""
    records = study.records()
    expected = {record.trial: record for record in peaceful.records()}
    assert sorted(record.trial for record in records) == sorted(expected)
    for record in records:
        _same(record, expected[record.trial])
        weights = (study.model_folder(record.trial) / "model.safetensors").read_bytes()
        assert (
            weights == (peaceful.model_folder(record.trial) / "model.safetensors").read_bytes()
        ), record.trial
    held = optuna.load_study(study_name="raylab", storage=f"sqlite:///{study.optuna_path}").trials
    assert {f"{one.number:04d}": (one.state.name, one.value) for one in held} == {
        trial: ("COMPLETE", record.score) for trial, record in expected.items()
    }
    runs = mlflow_children(study.description["tracking"]["uri"], study.name)
    assert {name: (run["status"], run["score"]) for name, run in runs.items()} == {
        trial: ("FINISHED", record.score) for trial, record in expected.items()
    }


def _same(record: TrialRecord, other: TrialRecord) -> None:
    told: dict[str, Any] = {
        name: getattr(record, name)
        for name in ("state", "step", "score", "params", "config", "error")
    }
    assert told == {name: getattr(other, name) for name in told}
    assert [step for _, step, _ in record.history] == [step for _, step, _ in other.history]
