"""Population-based training on a local Ray: weights and moments carried over, new params in force,
all recorded.
"""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import ray
import torch
import yaml
from helpers import dataset, session
from mlflow import MlflowClient
from processes import by_make_chaos, raylab, wait_until
from safetensors.torch import load_file

import raylab as package
from raylab.cluster import connect
from raylab.data.dataset import Dataset
from raylab.tracking.events import StudyEnded, TrialTookOver
from raylab.tracking.records import TrialRecord
from raylab.tracking.study import StudyFolder

pytestmark = pytest.mark.ray
SPACE: dict[str, Any] = {
    "base": {
        "model.encoder.kind": "offset1",
        "model.encoder.hidden_units": 8,
        "training.batch_size": 64,
        "training.max_steps": 60,
        "training.validate_every": 10,
    },
    "search": {
        "optimizer.learning_rate": {"float": [1e-5, 1e-1], "log": True},
        "loss.temperature": {"float": [0.3, 3.0]},
        "model.output_dimension": {"int": [3, 6]},
    },
    "sampler": {"kind": "random"},
    "scheduler": {"kind": "pbt", "grace_steps": 20},
    "budget": {"trials": 4},
    "resources": {"concurrent": 2},
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return dataset(
        tmp_path_factory.mktemp("population") / "ds",
        session("a", samples=750),
        session("b", seed=1),
    )


@pytest.fixture(scope="module")
def study(data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StudyFolder]:
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAYLAB_HOME", str(home))
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        ray.shutdown()
        connect(cpus=2)
        yield package.search(SPACE, data=data.path, out=home / "study", say=lambda line: None)
        ray.shutdown()


def test_the_worst_take_over_the_best_and_go_on_with_other_params(study: StudyFolder) -> None:
    records = {record.trial: record for record in study.records()}
    assert len(records) == 4
    assert {record.state for record in records.values()} == {"completed"}
    assert {record.step for record in records.values()} == {60}
    took = [event for event in study.ledger.read() if isinstance(event, TrialTookOver)]
    assert [event.step for event in took] == [20, 40]  # one of four, in each of two generations
    for event in took:
        record = records[event.trial]
        assert event.source != event.trial
        # what decides the shape of the weights comes with them; what may change is in force
        assert event.params["model.output_dimension"] == event.config["model"]["output_dimension"]
        assert event.config["optimizer"]["learning_rate"] == event.params["optimizer.learning_rate"]
        assert record.lineage[0]["source"] is None
    for record in records.values():
        assert [step for _, step, _ in record.history] == list(range(10, 61, 10))


def test_new_params_are_in_force_and_weights_and_moments_are_the_sources(
    study: StudyFolder, data: Dataset
) -> None:
    """A member's final weights equal those of a training that goes on from its source's with the
    params it recorded.
    """
    from raylab.training.worker import TrialJob, run_round, start, taken_path

    record = _last_that_took_over(study)
    folder = study.trial_folder(record.trial)
    config = record.config
    pieces = len(record.lineage) - 1
    taken = load_file(taken_path(folder, pieces))
    assert any(name.startswith("optimizer.") for name in taken)
    again = study.path.parent / "again"
    (again / "taken").mkdir(parents=True)
    (again / "taken" / f"{pieces}.safetensors").write_bytes(taken_path(folder, pieces).read_bytes())
    training = start(job := TrialJob("again", str(again), str(data.path), config, piece=pieces))
    assert training.step == record.lineage[-1]["step"]
    assert training.optimizer.param_groups[0]["lr"] == config["optimizer"]["learning_rate"]
    while not training.done:
        run_round(training, job)
    for name, value in load_file(study.model_folder(record.trial) / "model.safetensors").items():
        assert torch.equal(value, training.model.state_dict()[name]), name


def test_mlflow_has_what_was_drawn_and_what_became_of_it(study: StudyFolder) -> None:
    record = _last_that_took_over(study)
    client = MlflowClient(study.description["tracking"]["uri"])
    found = client.search_runs(
        [client.get_experiment_by_name("raylab").experiment_id],
        f"tags.`raylab.trial` = '{record.trial}'",
    )
    assert len(found) == 1
    drawn = record.lineage[0]["params"]
    assert (
        float(found[0].data.params["optimizer.learning_rate"]) == drawn["optimizer.learning_rate"]
    )
    lineage = yaml.safe_load(found[0].data.tags["raylab.lineage"])
    assert [entry["source"] for entry in lineage] == [entry["source"] for entry in record.lineage]
    assert (
        lineage[-1]["params"]["optimizer.learning_rate"] == record.params["optimizer.learning_rate"]
    )


def test_a_member_is_rebuilt_along_its_lineage(study: StudyFolder) -> None:
    """Piece by piece, of the members whose weights it took over: to the same bits."""
    reproduction = package.reproduce(study.path, _last_that_took_over(study).trial)
    assert reproduction.same
    assert reproduction.weights.equal


def test_a_search_ends_when_its_target_is_reached(study: StudyFolder, data: Dataset) -> None:
    """What runs is finished, nothing else is begun, and there is nothing to resume."""
    said: list[str] = []
    space = {**SPACE, "scheduler": {"kind": "none"}, "budget": {"trials": 9, "target": -100.0}}
    found = package.search(space, data=data.path, out=study.path.parent / "target", say=said.append)
    assert 1 <= len(found.records()) <= 3
    assert {record.state for record in found.records()} == {"completed"}
    assert any("budget.target -100 is reached" in line for line in said)
    assert isinstance(found.ledger.read()[-1], StudyEnded)
    package.resume(found.path, say=said.append)
    assert "nothing to resume" in said[-1]


@pytest.mark.parametrize("kind", ["hyperband", "median"])
def test_other_schedulers_prune_and_say_so(study: StudyFolder, data: Dataset, kind: str) -> None:
    own = {"brackets": 2, "reduction_factor": 2} if kind == "hyperband" else {"least_trials": 2}
    space = {
        **SPACE,
        "scheduler": {"kind": kind, "grace_steps": 10, **own},
        "budget": {"trials": 8},
    }
    found = package.search(
        space, data=data.path, out=study.path.parent / kind, say=lambda line: None
    )
    states = [record.state for record in found.records()]
    assert set(states) == {"completed", "pruned"}
    assert all(10 <= record.step < 60 for record in found.records() if record.state == "pruned")


@pytest.mark.chaos
@by_make_chaos
def test_a_killed_driver_changes_nothing(study: StudyFolder, data: Dataset, tmp_path: Path) -> None:
    """Generations follow from seed and scores: a population whose driver was killed twice is the
    one that was not.
    """
    file, folder, log = tmp_path / "space.yaml", tmp_path / "killed", tmp_path / "log.txt"
    file.write_text(yaml.safe_dump(SPACE, sort_keys=False))
    home = {"RAYLAB_HOME": str(tmp_path)}
    commands = itertools.chain(
        [["search", file, "--data", data.path, "--out", folder]],
        itertools.repeat(["resume", folder]),
    )
    for least in (6, 14):
        with raylab(*next(commands), log=log, **home) as process:
            wait_until(lambda: _reports(folder) >= least, seconds=120, process=process)  # noqa: B023
            os.kill(process.pid, signal.SIGKILL)
            process.wait(10)
    with raylab(*next(commands), log=log, **home) as process:
        assert process.wait(120) == 0, log.read_text()
    one, other = (
        {r.trial: r for r in each.records()} for each in (study, StudyFolder.open(folder))
    )
    assert one.keys() == other.keys()
    for trial, record in one.items():
        assert other[trial].score == record.score
        assert other[trial].params == record.params
        assert [entry["source"] for entry in other[trial].lineage] == [
            entry["source"] for entry in record.lineage
        ]


def _last_that_took_over(study: StudyFolder) -> TrialRecord:
    return max(
        study.records(),
        key=lambda record: (
            len(record.lineage),
            record.lineage[-1]["step"] if record.lineage else 0,
        ),
    )


def _reports(study: Path) -> int:
    if not (study / "ledger").is_dir():
        return 0
    return sum(len(record.history) for record in StudyFolder.open(study).records())
