"""What `raylab plan` computes from probes: arithmetic on made-up costs, and one measurement."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers import dataset, trial

from raylab.cli.plan import lines
from raylab.data.dataset import Dataset
from raylab.errors import TrainingError
from raylab.space.load_space import load_space
from raylab.space.schedulers import NoSchedulerConfig
from raylab.space.settings import Resources
from raylab.training.measuring import measure
from raylab.training.worker import TrialJob
from raylab.tuning.planning.forecast import (
    disk_use,
    memory_use,
    study_time,
    trial_seconds,
    trial_time,
    warnings,
)
from raylab.tuning.planning.placement import Placement
from raylab.tuning.planning.probe import Draw, Probed, choose_draws
from raylab.tuning.planning.results import (
    AtOnce,
    DiskUse,
    Forecast,
    MemoryUse,
    Node,
    ProbeRow,
    Seconds,
    Worker,
)

COST = {
    "warm_up_s": 3.0,
    "start_s": 1.0,
    "step_s": 0.1,
    "validation_s": 2.0,
    "idle_bytes": 4e8,
    "peak_bytes": 1e9,
}
COST |= {"gpu_bytes": 0.0, "gpu_total_bytes": 0.0, "disk_bytes": 5e6}


def probed(weight: float = 1.0, **cost: float) -> Probed:
    config = trial(training={"max_steps": 100, "validate_every": 30})
    return Probed(Draw({}, config, weight), {**COST, **cost})


def test_a_trial_is_its_start_its_steps_and_its_validations() -> None:
    assert trial_seconds(probed()) == pytest.approx(
        1 + 100 * 0.1 + 4 * 2
    )  # validations at 30, 60, 90 and 100
    assert trial_seconds(probed(), share=0.5) == pytest.approx(1 + 9)


def test_a_study_is_rounds_of_trials_and_one_warm_up() -> None:
    probes = [
        probed(0.25),
        probed(0.5, step_s=0.2),
        probed(0.25, step_s=0.4),
        Probed(probed().draw, None, "no"),
    ]
    trial = trial_time(probes, NoSchedulerConfig(), trials=5)
    assert trial is not None
    assert (trial.low, trial.high) == (19, 49)
    assert (trial.estimate, trial.least) == (pytest.approx(31.5), pytest.approx(31.5))
    study = study_time(probes, trial, trials=5, slots=2, launch_s=2.0)
    assert study is not None
    # Five trials, two at a time: three rounds.
    assert study.estimate == pytest.approx(2 + 3 + 3 * 31.5)
    assert study.high == pytest.approx(2 + 3 + 3 * 49)
    none_ran = probes[3:]
    assert trial_time(none_ran, NoSchedulerConfig(), trials=5) is None
    assert study_time(none_ran, None, trials=5, slots=2, launch_s=2.0) is None


@pytest.mark.parametrize(
    ("scheduler", "share"),
    [
        ({"kind": "none"}, 1.0),
        ({"kind": "asha", "grace_steps": 100}, 1.0),  # no rung before the end
        (
            {"kind": "asha", "grace_steps": 10, "reduction_factor": 3},
            (10 + 20 / 3 + 60 / 9 + 10 / 27) / 100,
        ),
        ({"kind": "asha", "grace_steps": 50, "reduction_factor": 2}, (50 + 50 / 2) / 100),
        ({"kind": "median", "grace_steps": 40, "least_trials": 4}, (40 + 60 * 4 / 16) / 100),
        ({"kind": "pbt", "grace_steps": 10}, 1.0),
    ],
)
def test_the_least_a_scheduler_trains(scheduler: dict[str, Any], share: float) -> None:
    config = load_space({"scheduler": scheduler}).scheduler
    assert config.least_share(100, 16) == pytest.approx(share)


def test_memory_and_disk_that_do_not_suffice_are_said(tmp_path: Path) -> None:
    nodes = [{"CPU": 8.0, "memory": 7e9}, {"CPU": 0.0, "memory": 1e9}]  # the second runs no trial
    resources = Resources(memory_gb=0.5, gpus=0.25)
    held = memory_use(
        [probed(gpu_bytes=6e9, gpu_total_bytes=2e10)], Placement(8, "CPU", 8), resources, nodes
    )
    assert held is not None
    assert held.to_dict() == {
        "worker": 1e9,
        "above_idle": 6e8,
        "node": 8e9,
        "free": 7e9,
        "gpu": 2.4e10,
        "gpu_free": 2e10,
    }
    disk = disk_use([probed()], 10**10, tmp_path / "not" / "there")
    assert disk is not None
    assert (disk.trial, disk.study) == (5e6, 5e16)
    sentences = warnings([], held, disk, reserved_gb=0.5)
    assert [sentence.partition(":")[0] for sentence in sentences] == [
        "memory",
        "memory",
        "GPU memory",
        "disk",
    ]
    fits = memory_use([probed()], Placement(2, "CPU", 2), Resources(), nodes)
    assert warnings([], fits, disk_use([probed()], 2, tmp_path), reserved_gb=None) == []


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return dataset(tmp_path_factory.mktemp("forecast") / "ds")


def test_the_smallest_a_middle_and_the_largest_draw(data: Dataset) -> None:
    search = {
        "model.output_dimension": {"int": [2, 500], "log": True},
        "training.batch_size": {"int": [16, 256], "step": 16},
        "sampling.time_offset": {"int": [1, 3]},
        "optimizer.learning_rate": {"float": [1e-4, 1e-1], "log": True},
        "optimizer.weight_decay": {"float": [0, 0.3], "step": 0.1},
    }
    space = load_space({"search": search})
    draws = choose_draws(space, data.sessions)
    assert [draw.weight for draw in draws] == [0.25, 0.5, 0.25]
    sizes = [draw.config.model_dump()["model"]["output_dimension"] for draw in draws]
    assert sizes[0] < sizes[2]
    assert draws == choose_draws(space, data.sessions)
    for draw in draws:
        assert draw.params["training.batch_size"] in range(16, 257, 16)
        assert draw.params["optimizer.weight_decay"] == pytest.approx(
            round(float(str(draw.params["optimizer.weight_decay"])), 1)
        )
    one = choose_draws(load_space({}), data.sessions)
    assert [(draw.params, draw.weight) for draw in one] == [({}, 1.0)]
    two = choose_draws(
        load_space({"search": {"model.output_dimension": {"categorical": [3, 300]}}}), data.sessions
    )
    assert sum(draw.weight for draw in two) == 1
    assert len(two) == 2


def test_a_measurement_is_of_a_trial_and_leaves_nothing(
    data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    config = trial(training={"max_steps": 100, "validate_every": 50}).model_dump(mode="json")
    cost = measure(TrialJob("probe", "", str(data.path), config), seconds=0.2)
    assert cost.steps >= 5
    assert 0 < cost.step_s < 10
    assert 0 < cost.validation_s < 60
    assert cost.peak_bytes >= cost.idle_bytes > 1e7
    assert 1e3 < cost.disk_bytes < 1e7  # a model, a checkpoint and an embedding
    assert (cost.gpu_bytes, cost.gpu_total_bytes) == (0, 0)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("raylab-probe-")]
    wrong = trial(loss={"temperature": 1e-39}).model_dump(mode="json")
    with pytest.raises(TrainingError):  # what the search would run into, too
        measure(TrialJob("probe", "", str(data.path), wrong), seconds=0.2)


def test_what_people_read() -> None:
    seconds = Seconds(estimate=7000.0, low=60.0, high=7000.0, least=100.0)
    forecast = Forecast(
        trials=9,
        notes=["grid: 9 points"],
        at_once=AtOnce(trials=2, bound="CPU", nodes=[Node(cpus=2.0, gpus=0.0, memory=8e9)]),
        each=Worker(threads=1, cpus=1, gpus=0.0, memory_gb=None, workers=2),
        probe=[ProbeRow(params={}, steps=1, validations=1, error=None)],
        trial_s=seconds,
        study_s=seconds,
        memory=MemoryUse(worker=1e9, above_idle=0.0, node=2e9, free=8e9, gpu=0.0, gpu_free=0.0),
        disk=DiskUse(trial=1e6, study=5e6, free=1e9),
        warnings=["disk: full"],
    )
    text = "\n".join(lines(forecast))
    for part in (
        "at once     2, bound by CPU (1 node: 2 CPU, 0 GPU, 8.0 GB memory)",
        "at most 1 h 57 min (60 s to 1 h 57 min)",
        "at least 2 min",
        "1.0 GB a worker",
        "5.0 MB for the study",
        "estimates from 1 short runs",
        "WARNING: disk: full",
    ):
        assert part in text
    assert "GPU memory" not in text
    assert "2 workers, each: 1 CPU, 1 thread" in text
    assert "estimate" not in "\n".join(lines(replace(forecast, trial_s=None)))
