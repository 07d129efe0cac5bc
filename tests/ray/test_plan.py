"""`raylab plan` and what a search then does: probes in Ray's processes, trials on shares of logical
GPUs.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import ray
from helpers import dataset

import raylab
from raylab.cluster import connect
from raylab.data.dataset import Dataset
from raylab.errors import StudyError
from raylab.space.settings import Resources
from raylab.tuning.planning.results import Forecast, Worker
from raylab.tuning.planning.study_plan import connect_for

pytestmark = pytest.mark.ray
SPACE: dict[str, Any] = {
    "objective": {"metric": "goodness_of_fit"},
    "base": {
        "model.encoder": {"kind": "offset1", "hidden_units": 8},
        "training": {"batch_size": 64, "max_steps": 60, "validate_every": 30, "device": "cpu"},
        "evaluation.bits_batch": 64,
    },
    "search": {
        "optimizer.learning_rate": {"categorical": [1e-4, 3e-4]},
        "model.output_dimension": {"int": [2, 64], "log": True},
    },
    "sampler": {"kind": "random"},
    "budget": {"trials": 6},
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return dataset(tmp_path_factory.mktemp("plan") / "ds")


@pytest.fixture(scope="module")
def gpus() -> Iterator[None]:
    """A Ray that believes in four CPUs and two GPUs: it places by them, and tells processes which
    are theirs.
    """
    ray.shutdown()
    connect(cpus=4)  # with the settings of every Ray that raylab starts
    ray.shutdown()
    ray.init(
        address="local",
        num_cpus=4,
        num_gpus=2,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="ERROR",
    )
    yield
    ray.shutdown()


@pytest.mark.usefixtures("gpus")
def test_a_plan_names_what_fits_what_it_costs_and_what_cannot_run(
    data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def plan(**arguments: Any) -> Forecast:
        return raylab.plan(SPACE, data=data.path, probe_seconds=0.5, **arguments)

    forecast = plan(overrides={"resources.gpus": 0.6})
    assert forecast.trials == 6
    assert (forecast.at_once.trials, forecast.at_once.bound) == (
        2,
        "GPU",
    )  # one a GPU, though 2 / 0.6 is 3.3
    assert forecast.each == Worker(workers=1, cpus=1, threads=1, gpus=0.6, memory_gb=None)
    assert [row.error for row in forecast.probe] == [None] * len(forecast.probe)
    trial, study = forecast.trial_s, forecast.study_s
    memory, disk = forecast.memory, forecast.disk
    assert trial and study and memory and disk  # noqa: PT018  (for mypy, in one line)
    assert 0 < trial.low <= trial.estimate <= trial.high
    assert study.estimate >= 3 * trial.estimate  # six trials, two at a time
    assert memory.node == 2 * memory.worker > 1e8
    assert disk.study == 6 * disk.trial > 6e3
    assert list(tmp_path.iterdir()) == []
    # With this temperature the loss overflows: the search would record such trials as failed.
    failing = plan(overrides={"loss.temperature": 1e-39}, trials=1)
    assert "the loss is nan at step 0" in failing.warnings[0]
    assert failing.trial_s is None
    json.dumps(forecast.to_dict())


@pytest.mark.usefixtures("gpus")
def test_trials_on_halves_of_gpus_see_their_own(
    data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four at a time on two GPUs; each process is told one GPU, and each GPU is told to two
    processes at once.
    """
    seen = tmp_path / "seen"
    seen.mkdir()
    monkeypatch.setattr(
        "raylab.tuning.tune_run.trainable", watched(seen, "raylab.tuning.tune_run.trainable")
    )
    assert connect_for(Resources(gpus=0.5), trials=9) == 4
    long = {
        "training.max_steps": 2000,
        "training.validate_every": 500,
    }  # none ends before all four have begun
    study = raylab.search(
        SPACE, data=data.path, out=tmp_path / "study", overrides={"resources.gpus": 0.5, **long}
    )
    assert {record.state for record in study.records()} == {"completed"}
    told = {path.name: path.read_text() for path in seen.iterdir()}
    assert set(told.values()) == {"0", "1"}
    assert 4 <= len(told) < 6  # actors, reused where Tune has one free at that moment
    with pytest.raises(StudyError, match="a share of one GPU, or a whole number of GPUs"):
        raylab.search(
            SPACE, data=data.path, out=tmp_path / "other", overrides={"resources.gpus": 1.5}
        )
    with pytest.raises(StudyError, match="one trial needs 3 GPU, the whole cluster has 2"):
        raylab.plan(SPACE, data=data.path, overrides={"resources.gpus": 3})
    assert not (tmp_path / "other").exists()


def watched(folder: Path, name: str) -> Any:
    """The trainable of the driver, with actors that note the GPUs they are told of."""
    from importlib import import_module

    from ray import tune

    from raylab.tuning.actor import TrialActor

    module, _, attribute = name.rpartition(".")
    original = getattr(import_module(module), attribute)

    class Watched(TrialActor):
        def setup(self, config: dict[str, Any]) -> None:
            (folder / str(os.getpid())).write_text(os.environ["CUDA_VISIBLE_DEVICES"])
            super().setup(config)

    def trainable(resources: Resources) -> Any:
        request = original(resources).default_resource_request({})
        return tune.with_resources(Watched, request)

    return trainable
