"""Studies that are stopped, paused and extended while they run and after they have ended: ledger,
Optuna and MLflow tell the same.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import optuna
import pytest
import ray
from helpers import dataset, session
from mlflow import MlflowClient
from processes import descendants, end, leaderboard, mlflow_children, raylab, wait_until

import raylab as package
from raylab.cluster import connect
from raylab.config.splits import TrialSplits
from raylab.data.dataset import Dataset
from raylab.files import file_digest
from raylab.tracking.events import PauseRequested, StopRequested, StudyExtended
from raylab.tracking.records import TrialRecord
from raylab.tracking.study import StudyFolder

pytestmark = pytest.mark.ray
STEPS, EVERY = 12_000, 200  # half a minute on a quiet machine: requests arrive while it trains
OPTUNA = {"completed": "COMPLETE", "pruned": "PRUNED", "failed": "FAIL"}
SPACE: dict[str, Any] = {
    "objective": {"metric": "decoding.score"},
    "base": {
        "model.encoder": {"kind": "offset10", "hidden_units": 16},
        "training": {"batch_size": 128, "max_steps": STEPS, "validate_every": EVERY},
    },
    "search": {"optimizer.learning_rate": {"float": [1e-4, 1e-2], "log": True}},
    "sampler": {"kind": "random"},
    "budget": {"trials": 2},
    "resources": {"concurrent": 2},
}
SHORT = {"training.max_steps": 20, "training.validate_every": 10}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("steered") / "ds"
    segments = [[25 * at, 25 * at + 25] for at in range(30)]  # shorter than offset36 sees
    return dataset(folder, session("a", samples=750, segments=segments), splits=TrialSplits())


def space_file(folder: Path, **changes: Any) -> Path:
    import yaml

    file = folder / "space.yaml"
    file.write_text(yaml.safe_dump({**SPACE, **changes}, sort_keys=False))
    return file


def records(study: Path) -> dict[str, TrialRecord]:
    if not (study / "ledger").is_dir():
        return {}
    return {record.trial: record for record in StudyFolder.open(study).records()}


def step(study: Path, trial: str) -> int:
    return records(study)[trial].step if trial in records(study) else 0


def same_states(path: Path) -> dict[str, str]:
    """The state of each trial, which is the same in the ledger, in Optuna and in MLflow."""
    study = StudyFolder.open(path)
    states = {record.trial: record.state for record in study.records()}
    held = optuna.load_study(study_name="raylab", storage=f"sqlite:///{study.optuna_path}").trials
    assert {f"{trial.number:04d}": trial.state.name for trial in held} == {
        name: OPTUNA[state] for name, state in states.items()
    }
    runs = mlflow_children(study.description["tracking"]["uri"], study.name)
    assert {name: run["state"] for name, run in runs.items()} == states
    return dict(sorted(states.items()))


def tags(study: StudyFolder, trial: str) -> dict[str, str]:
    """What MLflow has of a trial."""
    client = MlflowClient(study.description["tracking"]["uri"])
    experiment = client.get_experiment_by_name("raylab").experiment_id
    (run,) = client.search_runs([experiment], f"tags.`raylab.trial` = '{trial}'")
    return dict(run.data.tags)


def test_a_search_is_steered_while_it_runs(data: Dataset, tmp_path: Path) -> None:
    study, log, lines = tmp_path / "study", tmp_path / "log.txt", list[str]()
    arguments = ["search", space_file(tmp_path), "--data", data.path, "--out", study]
    with raylab(*arguments, log=log) as process:
        wait_until(lambda: step(study, "0000") >= EVERY, seconds=180, process=process)
        package.extend(study, trials=1, say=lines.append)
        package.stop(study, "0000", say=lines.append)
        wait_until(lambda: records(study)["0000"].state == "pruned", seconds=90)
        wait_until(lambda: step(study, "0002") >= EVERY, seconds=120, process=process)
        package.pause(study, say=lines.append)
        assert process.wait(120) == 130, log.read_text()
    assert "trial 0000 ends at its next validation" in lines[-2]
    stopped = records(study)["0000"]
    assert (stopped.stopped, stopped.score is not None) == ("by the user", True)
    assert stopped.step < STEPS
    paused = {trial: record.state for trial, record in records(study).items()}
    assert (paused["0000"], paused["0002"]) == ("pruned", "interrupted")
    assert paused["0001"] in ("interrupted", "completed")
    kinds = (StudyExtended, StopRequested, PauseRequested)
    events = StudyFolder.open(study).ledger.read()
    assert [type(event) for event in events if isinstance(event, kinds)] == list(kinds)
    assert list((study / "requests").iterdir()) == []
    before = records(study)["0001"].step

    with raylab("resume", study, log=log) as process:
        assert process.wait(240) == 0, log.read_text()
    assert same_states(study) == {"0000": "pruned", "0001": "completed", "0002": "completed"}
    steps = [at for _, at, _ in records(study)["0001"].history]
    assert before in steps
    assert steps == list(range(EVERY, STEPS + 1, EVERY))
    assert tags(StudyFolder.open(study), "0000")["raylab.stopped"] == "by the user"


def test_a_killed_extension_is_finished(data: Dataset, tmp_path: Path) -> None:
    study, log = tmp_path / "study", tmp_path / "log.txt"
    short = [part for key, value in SHORT.items() for part in ("--set", f"{key}={value}")]
    file = space_file(tmp_path)
    with raylab("search", file, "--data", data.path, "--out", study, *short, log=log) as process:
        assert process.wait(120) == 0, log.read_text()
    with raylab("extend", study, "--trials", "3", log=log) as process:
        wait_until(lambda: len(records(study)) >= 3, seconds=120, process=process)
        below = descendants(process.pid)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
        end(*below)
    with raylab("resume", study, log=log) as process:
        assert process.wait(120) == 0, log.read_text()
    assert same_states(study) == {f"{at:04d}": "completed" for at in range(5)}


def test_an_ended_study_is_extended(data: Dataset, tmp_path: Path) -> None:
    kinds = {"model.encoder.kind": {"categorical": ["offset1", "offset36"]}}
    base = {**SPACE["base"], "model.encoder": {"hidden_units": 8}}
    space = {**SPACE, "base": base, "search": kinds, "sampler": {"kind": "grid"}}
    ray.shutdown()
    connect(cpus=2)
    try:
        path = tmp_path / "study"
        study = package.search(space, data=data.path, out=path, overrides=SHORT, say=str)
        by_kind = {each.params["model.encoder.kind"]: each.trial for each in study.records()}
        good, bad = by_kind["offset1"], by_kind["offset36"]
        package.extend(path, rerun_failed=True, say=str)
        package.extend(path, good, steps=40, say=str)
        longer = {**SHORT, "training.max_steps": 40, "model.encoder.kind": "offset1"}
        whole = package.search(space, data=data.path, out=tmp_path / "whole", overrides=longer)
        reproduced = package.reproduce(path, "0003")
    finally:
        ray.shutdown()
    assert same_states(path) == {
        good: "completed",
        bad: "failed",
        "0002": "failed",
        "0003": "completed",
    }
    added = records(path)
    assert (added["0002"].origin, added["0002"].origin_step) == (bad, None)
    assert (added["0003"].origin, added["0003"].origin_step) == (good, 20)
    assert [at for _, at, _ in added["0003"].history] == [30, 40]
    weights = "model.safetensors"
    assert file_digest(study.model_folder("0003") / weights) == file_digest(
        whole.model_folder("0000") / weights
    )
    assert added["0003"].score == whole.records()[0].score
    assert reproduced.same
    held = optuna.load_study(study_name="raylab", storage=f"sqlite:///{study.optuna_path}").trials
    assert [trial.user_attrs.get("raylab_origin") for trial in held[2:]] == [bad, good]
    assert held[3].params == {"model.encoder.kind": "offset1"}
    assert tags(study, "0003")["raylab.origin"] == good
    assert {row["trial"]: row.get("origin") for row in leaderboard(path)}["0003"] == good


def test_a_trial_over_two_workers_is_stopped(data: Dataset, tmp_path: Path) -> None:
    study, log = tmp_path / "study", tmp_path / "log.txt"
    file = space_file(tmp_path, budget={"trials": 1}, resources={"workers": 2})
    with raylab("search", file, "--data", data.path, "--out", study, log=log) as process:
        wait_until(lambda: step(study, "0000") >= EVERY, seconds=180, process=process)
        package.stop(study, "0000", say=str)
        assert process.wait(120) < 2, log.read_text()  # 130 is an interruption
    assert same_states(study) == {"0000": "pruned"}
    assert records(study)["0000"].stopped == "by the user"


def test_an_answer_is_stopped(data: Dataset, tmp_path: Path) -> None:
    out, log = tmp_path / "answer", tmp_path / "log.txt"
    arguments = ["answer", data.path, "--label", "position", "--out", out, "--minutes", "2"]
    arguments += ["--folds", "1", "--families", "ridge,mlp", "--seeds", "1"]

    def some_ended() -> bool:
        states = [record.state for record in records(out).values()]
        return states.count("completed") >= 3

    with raylab(*arguments, log=log) as process:
        wait_until(some_ended, seconds=120, process=process)
        package.stop(out, say=str)
        assert process.wait(90) == 130, log.read_text()
    answer = StudyFolder.open(out).answer()
    assert answer is not None
    assert answer["interrupted"]
    assert "running" not in {record.state for record in records(out).values()}
