"""The mirror against a real MLflow: whatever fails, whenever, one run a trial in the state of the
ledger.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from fake_study import T0, ended, fake_study, reported, started

from raylab.reporting.trial_figures import trial_figures
from raylab.tracking.background import BackgroundMirror
from raylab.tracking.events import StudyEnded
from raylab.tracking.mlflow.addresses import default_artifacts, default_uri, ui_command
from raylab.tracking.mlflow.client import MirrorError
from raylab.tracking.mlflow.mirror import FIGURES_OF, Mirror
from raylab.tracking.records import best, ranked
from raylab.tracking.study import StudyFolder

pytestmark = pytest.mark.ray
EXPECTED = {
    "completed": "FINISHED",
    "pruned": "KILLED",
    "failed": "FAILED",
    "interrupted": "KILLED",
}


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One SQLite store for all tests, since making it takes seconds; one experiment per test."""
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow') / 'runs' / 'mlflow.db'}"


@pytest.fixture
def study(
    tmp_path: Path, uri: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> StudyFolder:
    monkeypatch.chdir(tmp_path)
    name = request.node.name.replace("[", "-").replace("]", "")
    return fake_study(tmp_path / name, tracking={"uri": uri, "experiment": name})


def contents(study: StudyFolder) -> dict[str, Any]:
    """Everything MLflow has of the study, by trial (None: the study itself); ids left out."""
    from mlflow import MlflowClient

    tracking = study.description["tracking"]
    client = MlflowClient(tracking["uri"])
    experiment = client.get_experiment_by_name(tracking["experiment"]).experiment_id
    found: dict[str, Any] = {}
    for run in client.search_runs([experiment]):
        tags = run.data.tags
        trial = tags.get("raylab.trial", "study")
        assert trial not in found, f"two runs of {trial}"
        found[trial] = {
            "status": run.info.status,
            "times": (run.info.start_time, run.info.end_time),
            "params": run.data.params,
            "tags": {
                k: v
                for k, v in tags.items()
                if k not in ("mlflow.parentRunId", "raylab.model_id", "raylab.mirrored")
            },
            "history": {
                key: [
                    (m.step, m.value, m.timestamp)
                    for m in client.get_metric_history(run.info.run_id, key)
                ]
                for key in run.data.metrics
            },
            "artifacts": sorted(each.path for each in client.list_artifacts(run.info.run_id)),
        }
    models = client.search_logged_models([experiment])
    return {**found, "models": sorted((model.name, str(model.status)) for model in models)}


def states(study: StudyFolder) -> dict[str, tuple[str, str]]:
    found = contents(study)
    return {
        trial: (run["tags"]["raylab.state"], run["status"])
        for trial, run in found.items()
        if trial not in ("study", "models")
    }


def test_mlflow_holds_what_the_ledger_says(study: StudyFolder, tmp_path: Path) -> None:
    before = {path.name for path in tmp_path.iterdir()}
    Mirror(study, figures=trial_figures(study)).sync()
    found = contents(study)
    records = {record.trial: record for record in study.records()}
    winner = best(records.values(), "max")
    assert winner is not None
    assert states(study) == {
        trial: (record.state, EXPECTED[record.state]) for trial, record in records.items()
    }
    for trial, record in records.items():
        run = found[trial]
        assert run["times"] == (
            round((record.started or 0) * 1000),
            round((record.ended or 0) * 1000),
        )
        assert [(step, value) for step, value, _ in run["history"]["loss"]] == [
            (step, metrics["loss"]) for _, step, metrics in record.history
        ]
        scores = [value for _, value, _ in run["history"].get("score", [])]
        assert scores == ([] if record.score is None else [record.score])
        assert run["params"]["training.batch_size"] == "128"
        assert run["params"]["model.output_dimension"] == str(
            record.params["model.output_dimension"]
        )
        assert run["tags"]["raylab.data_fingerprint"] == study.description["data"]["fingerprint"]
        assert "config.json" in run["artifacts"]
    drawn = {trial for trial in records if "loss_curve.png" in found[trial]["artifacts"]}
    assert drawn == {record.trial for record in ranked(records.values(), "max")[:FIGURES_OF]}
    assert len(drawn) < len(records)
    assert "embedding.png" in found[winner.trial]["artifacts"]
    assert found["models"] == [(f"{study.name}-{winner.trial}", "READY")]
    assert found["study"]["status"] == "FINISHED"
    assert found["study"]["tags"]["raylab.best_trial"] == winner.trial
    assert {"environment.json", "space.yaml", "evaluation-test.json"} <= set(
        found["study"]["artifacts"]
    )
    assert {path.name for path in tmp_path.iterdir()} == before, (
        "MLflow left files where the process stood"
    )


def test_a_second_sync_changes_nothing_and_writes_nothing(
    study: StudyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = Mirror(study)
    mirror.sync()
    first = contents(study)
    from mlflow import MlflowClient

    for name in (
        "create_run",
        "log_batch",
        "log_artifact",
        "set_terminated",
        "update_run",
        "create_logged_model",
    ):
        monkeypatch.setattr(MlflowClient, name, _must_not_be_called)
    mirror.sync()
    Mirror(study).sync()  # another process, after a restart
    assert contents(study) == first


@pytest.mark.parametrize("call", [1, 3, 6, 11, 20, 29, 33])
def test_a_sync_cut_anywhere_is_completed_by_the_next(
    study: StudyFolder, tmp_path: Path, uri: str, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    whole = fake_study(
        tmp_path / "other" / study.name, tracking={"uri": uri, "experiment": f"whole-{call}"}
    )
    Mirror(whole).sync()
    with monkeypatch.context() as patched:
        _fail_after(patched, call)
        with pytest.raises(MirrorError, match="not up to date"):
            Mirror(study).sync()
    Mirror(study).sync()
    assert contents(study) == contents(whole)


def test_a_run_that_a_lost_answer_made_twice_is_one_again(study: StudyFolder) -> None:
    from mlflow import MlflowClient

    mirror = Mirror(study)
    mirror.sync()
    first = contents(study)
    client = MlflowClient(mirror.uri)
    experiment = client.get_experiment_by_name(
        study.description["tracking"]["experiment"]
    ).experiment_id
    run = client.search_runs([experiment], "tags.`raylab.trial` = '0001'")[0]
    tags = {
        name: run.data.tags[name]
        for name in ("raylab.trial", "raylab.trial_key", "mlflow.parentRunId")
    }
    client.create_run(experiment, start_time=run.info.start_time + 1, tags=tags)
    Mirror(study).sync()
    assert contents(study) == first


def test_a_trial_is_followed_through_interruption_and_resume(tmp_path: Path, uri: str) -> None:
    study = StudyFolder.create(
        tmp_path / "followed",
        {
            "created": T0,
            "objective": {"metric": "decoding.r2", "mode": "max"},
            "tracking": {"uri": uri, "experiment": "followed"},
        },
    )
    mirror = Mirror(study)
    study.ledger.append(started("0000", x=1), reported("0000", 10, loss=3.0))
    with study.hold():
        mirror.sync()
        assert states(study) == {"0000": ("running", "RUNNING")}
        assert contents(study)["study"]["status"] == "RUNNING"
    Mirror(study).sync()  # the driver was killed
    assert states(study) == {"0000": ("interrupted", "KILLED")}
    assert contents(study)["study"]["status"] == "KILLED"
    again = [
        started("0000", time=T0 + 50, x=1), reported("0000", 10, time=T0 + 51, loss=3.0),
        reported("0000", 20, time=T0 + 52, loss=2.0),
    ]  # fmt: skip
    study.ledger.append(*again)
    mirror = Mirror(study)  # of the driver that resumes
    with study.hold():
        mirror.sync()
        assert states(study) == {"0000": ("running", "RUNNING")}
        study.ledger.append(ended("0000", "completed", 0.7, time=T0 + 60))
        study.ledger.append(StudyEnded())
        mirror.sync()
        found = contents(study)
    assert states(study) == {"0000": ("completed", "FINISHED")}
    assert [step for step, *_ in found["0000"]["history"]["loss"]] == [10, 20, 100]
    assert found["0000"]["times"][1] == round((T0 + 60) * 1000)
    assert found["study"]["status"] == "FINISHED"


def test_a_driver_that_goes_leaves_nothing_running(tmp_path: Path, uri: str) -> None:
    study = fake_study(
        tmp_path / "stopped",
        states=("completed", "running"),
        end=False,
        tracking={"uri": uri, "experiment": "stopped"},
    )
    with study.hold():  # as with Ctrl-C: the study has not ended, and the driver is still there
        background = BackgroundMirror(Mirror(study), poll_s=0.1)
        deadline = time.monotonic() + 60
        while background.syncs == 0 and time.monotonic() < deadline:
            time.sleep(0.05)  # nobody notified it
        assert states(study)["0001"] == ("running", "RUNNING")
        assert background.close() is None
    assert states(study) == {"0000": ("completed", "FINISHED"), "0001": ("interrupted", "KILLED")}
    assert contents(study)["study"]["status"] == "KILLED"


def test_a_model_is_registered_once(study: StudyFolder) -> None:
    from mlflow import MlflowClient

    winner = best(study.records(), "max")
    assert winner is not None
    mirror = Mirror(study)
    versions = {
        mirror.register(winner.trial),
        mirror.register(winner.trial),
        Mirror(study).register(winner.trial),
    }
    client = MlflowClient(mirror.uri, mirror.uri)
    name = f"raylab-{study.name}"
    assert versions == {"1"}
    assert [
        str(version.version) for version in client.search_model_versions(f"name = '{name}'")
    ] == ["1"]
    assert str(client.get_model_version_by_alias(name, "best").version) == "1"
    with pytest.raises(MirrorError, match="no model"):
        mirror.register("0003")


def test_figures_that_fail_keep_the_numbers(study: StudyFolder) -> None:
    def broken(record: Any) -> dict[str, Any]:
        raise ValueError("cannot draw")

    Mirror(study, figures=broken).sync()
    assert len(states(study)) == len(study.records())


def test_the_background_mirror_never_stops_the_search(study: StudyFolder) -> None:
    class Broken:
        def sync(self, *, closing: bool = False) -> None:
            time.sleep(0.2)
            raise MirrorError("down")

    began = time.monotonic()
    background = BackgroundMirror(Broken(), interval_s=0.01)
    for _ in range(1000):
        background.notify()
    assert time.monotonic() - began < 0.15
    assert isinstance(background.close(), MirrorError)
    working = BackgroundMirror(Mirror(study))
    working.notify()
    assert working.close() is None
    assert len(states(study)) == len(study.records())
    assert threading.active_count() < 20


def test_a_server_that_is_down_costs_nothing_and_is_caught_up(tmp_path: Path) -> None:
    port = _free_port()
    uri = f"http://127.0.0.1:{port}"
    study = fake_study(
        tmp_path / "served",
        states=("completed", "pruned"),
        end=False,
        tracking={"uri": uri, "experiment": "e"},
    )
    mirror = Mirror(study)
    began = time.monotonic()
    with pytest.raises(MirrorError, match="not up to date"):
        mirror.sync()
    assert time.monotonic() - began < 15
    with _server(tmp_path, port):
        mirror.sync()
        before = states(study)
    study.ledger.append(
        started("0009", time=T0 + 900), ended("0009", "completed", 0.99, time=T0 + 950)
    )
    study.ledger.append(StudyEnded())
    with pytest.raises(MirrorError):
        mirror.sync()
    with _server(tmp_path, port):
        mirror.sync()
        after = states(study)
        assert mirror.register("0000") == "1" == mirror.register("0000")
        assert contents(study)["study"]["status"] == "FINISHED"
    assert before == {"0000": ("completed", "FINISHED"), "0001": ("pruned", "KILLED")}
    assert after == {**before, "0009": ("completed", "FINISHED")}


def test_where_records_go_and_how_they_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    local = default_uri(tmp_path)
    assert local == f"sqlite:///{tmp_path}/runs/mlflow.db"
    assert default_artifacts(local) == (tmp_path / "runs" / "mlartifacts").as_uri()
    assert default_artifacts("http://host:5000") is None
    command = ui_command(local)
    assert command[command.index("--host") + 1] == "127.0.0.1"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://host:5000")
    assert default_uri(tmp_path) == "http://host:5000"
    assert "webbrowser" in ui_command("http://host:5000")


class _server:
    """A real MLflow server on loopback, stopped at the end."""

    def __init__(self, folder: Path, port: int) -> None:
        store = [
            "--backend-store-uri",
            f"sqlite:///{folder / 'server.db'}",
            "--artifacts-destination",
            str(folder / "served-files"),
        ]
        self.command = [
            sys.executable,
            "-m",
            "mlflow",
            "server",
            *store,
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
            "--workers",
            "1",
        ]
        self.address = f"http://127.0.0.1:{port}/health"

    def __enter__(self) -> None:
        quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        self.process = subprocess.Popen(
            self.command,
            env={**os.environ, **quiet},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(self.address, timeout=2)
                return
            except OSError:
                assert self.process.poll() is None, "the MLflow server ended"
                time.sleep(0.3)
        self.__exit__()
        pytest.skip("the MLflow server did not start within two minutes")

    def __exit__(self, *_: object) -> None:
        os.killpg(self.process.pid, 15)  # the group: uvicorn's workers too
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, 9)
            self.process.wait()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _must_not_be_called(*arguments: object, **_: object) -> None:
    raise AssertionError(f"MLflow was written to: {arguments[1:]}")


def _fail_after(patched: pytest.MonkeyPatch, calls: int) -> None:
    """From this writing call to MLflow on, all calls fail as with a server that went away."""
    from mlflow import MlflowClient

    left = iter(range(calls - 1))

    def failing(original: Any) -> Any:
        def call(self: Any, *arguments: Any, **named: Any) -> Any:
            if next(left, None) is None:
                raise ConnectionError("the server went away")
            return original(self, *arguments, **named)

        return call

    for name in (
        "create_run",
        "log_batch",
        "log_artifact",
        "set_terminated",
        "create_logged_model",
        "log_model_artifacts",
        "finalize_logged_model",
        "log_outputs",
    ):
        patched.setattr(MlflowClient, name, failing(getattr(MlflowClient, name)))
