"""A search from prepared data to leaderboard on a local Ray, with a real MLflow store and a real
Optuna database.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest
import ray
import torch
from helpers import dataset, session
from processes import alive, descendants, end, leaderboard, mlflow_children, raylab, wait_until

import raylab as package
from raylab.cluster import connect
from raylab.config.splits import TrialSplits
from raylab.data.dataset import Dataset
from raylab.tracking.study import StudyFolder

pytestmark = pytest.mark.ray
REPO = Path(__file__).parents[2]
SMOKE = REPO / "search_spaces" / "smoke.yaml"
SPACE: dict[str, Any] = {
    "objective": {"metric": "decoding.score"},
    "base": {
        "model.encoder.hidden_units": 8,
        "training.batch_size": 64,
        "training.max_steps": 90,
        "training.validate_every": 10,
    },
    "search": {
        # The blocks are shorter than the largest field: such a trial cannot run, and says so.
        "model.encoder.kind": {"categorical": ["offset1", "offset10", "offset36"]},
        "optimizer.learning_rate": {"float": [1e-5, 1e-1], "log": True},
    },
    "sampler": {"kind": "random"},
    "scheduler": {"kind": "asha", "grace_steps": 20},
    "budget": {"trials": 10},
    "resources": {"cpus": 1, "concurrent": 2},
}
OPTUNA = {"completed": "COMPLETE", "pruned": "PRUNED", "failed": "FAIL"}
STATUS = {"completed": "FINISHED", "pruned": "KILLED", "failed": "FAILED"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("search") / "ds"
    trials = [
        [[25 * at, 25 * at + 25] for at in range(count)] for count in (30, 24)
    ]  # shorter than offset36 sees
    one = session("a", samples=750, segments=trials[0])
    other = session("b", samples=600, units=4, seed=1, segments=trials[1])
    return dataset(folder, one, other, splits=TrialSplits())


@pytest.fixture(scope="module")
def study(data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StudyFolder]:
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAYLAB_HOME", str(home))
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        connect(cpus=2)
        yield package.search(SPACE, data=data.path, out=home / "study", say=lambda line: None)
        ray.shutdown()


def test_ledger_mlflow_and_optuna_tell_the_same(study: StudyFolder) -> None:
    rows = {row["trial"]: row for row in leaderboard(study.path)}
    assert len(rows) == SPACE["budget"]["trials"]
    assert {row["state"] for row in rows.values()} == {"completed", "pruned", "failed"}
    runs = mlflow_children(study.description["tracking"]["uri"])
    assert {name: run["state"] for name, run in runs.items()} == {
        name: row["state"] for name, row in rows.items()
    }
    assert {name: run["status"] for name, run in runs.items()} == {
        n: STATUS[row["state"]] for n, row in rows.items()
    }
    assert {name: run["score"] for name, run in runs.items()} == {
        name: row["score"] for name, row in rows.items()
    }


def test_optuna_knows_what_the_sampler_needs(study: StudyFolder) -> None:
    """Ray's own search tells a stopped trial as complete; here it is pruned, with the curve that it
    had.
    """
    records = {record.trial: record for record in study.records()}
    held = optuna.load_study(study_name="raylab", storage=f"sqlite:///{study.optuna_path}").trials
    assert {f"{trial.number:04d}" for trial in held} == set(records)
    for trial in held:
        record = records[f"{trial.number:04d}"]
        assert trial.state.name == OPTUNA[record.state]
        assert trial.params == record.params
        assert trial.user_attrs["raylab_trial"] == record.trial
        curve = {step: metrics["decoding.score"] for _, step, metrics in record.history}
        assert trial.intermediate_values == pytest.approx(curve)
        assert trial.value == (pytest.approx(record.score) if record.state != "failed" else None)
        assert bool(curve) == (record.state != "failed")


def test_a_trial_ends_as_what_happened_to_it(study: StudyFolder) -> None:
    for record in study.records():
        if record.params["model.encoder.kind"] == "offset36":
            assert record.state == "failed"
            assert record.error is not None
            assert "the receptive field of 36 samples fits into no part" in record.error
        elif record.state == "completed":
            assert record.step == 90
        else:
            assert record.state == "pruned"
            assert 20 <= record.step < 90
        assert [step for _, step, _ in record.history] == list(range(10, record.step + 1, 10))
    assert StudyFolder.open(study.path).report_path.is_file()


def test_a_trial_has_the_threads_of_its_cpus(study: StudyFolder, data: Dataset) -> None:
    """Two CPUs, two threads, in the process that trains; one CPU, one thread."""
    from raylab.tuning.actor import TrialActor
    from raylab.tuning.job import trial_setup
    from raylab.tuning.planning.study_plan import make_plan
    from raylab.tuning.tune_run import trainable

    class Probe(TrialActor):
        def threads(self) -> int:
            return torch.get_num_threads()

    for cpus in (1, 2):
        plan = make_plan(
            SPACE, data.path, overrides={"resources.cpus": cpus, "model.encoder.kind": "offset1"}
        )
        setup = trial_setup(study, plan, f"probe{cpus}", {}, plan.space.config({}))
        request = trainable(plan.space.resources).default_resource_request({})
        assert request.required_resources["CPU"] == cpus
        actor = ray.remote(num_cpus=cpus)(Probe).remote(config=setup)
        assert ray.get(actor.train.remote(), timeout=60)["steps"] == 10
        assert ray.get(actor.threads.remote()) == cpus
        ray.kill(actor)


@pytest.mark.chaos
def test_a_killed_driver_and_then_ctrl_c(
    data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever ends a search, `resume` ends it with the trials of its budget, each once, in every
    record.
    """
    ray.shutdown()
    monkeypatch.setenv("RAYLAB_HOME", str(tmp_path))
    study, log = tmp_path / "study", tmp_path / "log.txt"
    slow = ["training.batch_size=64", "training.max_steps=2000", "training.validate_every=100"]
    arguments = ["search", SMOKE, "--data", data.path, "--out", study, "--trials", "3"]
    arguments += [part for text in slow for part in ("--set", text)]

    with raylab(*arguments, log=log) as process:
        wait_until(lambda: reached(study, 200), seconds=90, process=process)
        below = descendants(process.pid)
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait(10) == -signal.SIGKILL
        # Trials and Ray's own end with their driver; the agents of its dashboard take a minute to
        # notice.
        working = {pid for pid, command in below.items() if "Agent" not in command}
        try:
            wait_until(lambda: not alive(working), seconds=30)
        finally:
            end(*below)
    assert "interrupted" in states(study)
    before = reached(study, 200)

    with raylab("resume", study, log=log) as process:
        wait_until(lambda: reached(study, before + 1), seconds=90, process=process)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: the whole group hears it
        assert process.wait(60) == 130, log.read_text()
    assert "interrupted" in states(study)
    assert "running" not in states(study)
    assert "raylab resume" in log.read_text()

    with raylab("resume", study, log=log) as process:
        assert process.wait(120) == 0, log.read_text()
    rows = {row["trial"]: row["state"] for row in leaderboard(study)}
    assert sorted(rows) == ["0000", "0001", "0002"]
    assert set(rows.values()) <= {"completed", "pruned"}
    runs = mlflow_children(StudyFolder.open(study).description["tracking"]["uri"])
    assert {name: run["state"] for name, run in runs.items()} == rows
    assert "RUNNING" not in {run["status"] for run in runs.values()}
    held = optuna.load_study(study_name="raylab", storage=f"sqlite:///{study / 'optuna.db'}").trials
    assert {f"{trial.number:04d}": trial.state.name for trial in held} == {
        n: OPTUNA[s] for n, s in rows.items()
    }
    said: list[str] = []
    package.resume(study, say=said.append)
    assert "nothing to resume" in said[0]


def reached(study: Path, step: int) -> int:
    """The furthest step that any trial reported, 0 while it is below `step`."""
    if not (study / "ledger").is_dir():
        return 0
    furthest = max((record.step for record in StudyFolder.open(study).records()), default=0)
    return furthest if furthest >= step else 0


def states(study: Path) -> set[str]:
    return {record.state for record in StudyFolder.open(study).records()}
