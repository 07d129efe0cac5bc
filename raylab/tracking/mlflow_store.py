"""The calls to MLflow: the only module that imports it, inside functions because the import takes
seconds.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from raylab.errors import RaylabError
from raylab.tracking.runs import Point

if TYPE_CHECKING:
    from mlflow import MlflowClient

_ENVIRONMENT = {  # patience is short, because a sync can be repeated; what the user has set stays
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
}


class MirrorError(RaylabError):
    """MLflow could not be brought up to date. The ledger is complete; a later sync catches up."""


def default_uri(home: Path) -> str:
    """MLFLOW_TRACKING_URI, or a SQLite file `<home>/runs/mlflow.db`."""
    return (
        os.environ.get("MLFLOW_TRACKING_URI")
        or f"sqlite:///{Path(home).absolute() / 'runs' / 'mlflow.db'}"
    )


def default_artifacts(uri: str) -> str | None:
    """Where a new experiment keeps its files; None leaves it to the server.

    A database without it would put them into `./mlruns` of whatever folder a process started in.
    """
    if uri.startswith("sqlite:///"):
        return (_database(uri).parent / "mlartifacts").as_uri()
    if urlsplit(uri).scheme in ("http", "https", "databricks", "uc"):
        return None
    return (Path.cwd() / "runs" / "mlartifacts").as_uri()


def ui_command(uri: str, *, port: int = 5000) -> list[str]:
    """The command that opens MLflow's UI, on loopback only; for a server that runs, a browser on
    it.
    """
    if urlsplit(uri).scheme in ("http", "https"):
        return [sys.executable, "-m", "webbrowser", "-t", uri]
    store = ["--backend-store-uri", uri, "--artifacts-destination", str(default_artifacts(uri))]
    return [
        sys.executable,
        "-m",
        "mlflow",
        "server",
        *store,
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]


def connect(uri: str) -> MlflowClient:
    """A client of its own: no global tracking URI, no active run."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    if uri.startswith("sqlite:///"):
        _database(uri).parent.mkdir(parents=True, exist_ok=True)
    from mlflow import MlflowClient

    for noisy in ("mlflow", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def find_or_create_experiment(client: MlflowClient, *, name: str, artifacts: str | None) -> str:
    """The experiment's id. MirrorError when a user has deleted it."""
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        return str(client.create_experiment(name, artifact_location=artifacts))
    if experiment.lifecycle_stage != "active":
        raise MirrorError(
            f"the MLflow experiment '{name}' was deleted", "Restore it, or choose another name."
        )
    return str(experiment.experiment_id)


@dataclass
class StoredRun:
    """A run as MLflow has it; each method adds only what it lacks.

    Attributes:
        points: (key, step, value) of its metrics; None until they are needed.
        ended: Milliseconds since 1970.
    """

    client: MlflowClient
    id: str
    status: str
    ended: int | None
    tags: dict[str, str]
    params: set[str]
    points: set[tuple[str, int, str]] | None

    @classmethod
    def create(
        cls,
        client: MlflowClient,
        *,
        experiment: str,
        name: str,
        started: int,
        tags: Mapping[str, str],
    ) -> StoredRun:
        run = client.create_run(experiment, start_time=started, tags=dict(tags), run_name=name)
        return cls(client, run.info.run_id, run.info.status, None, dict(tags), set(), set())

    @classmethod
    def search(
        cls, client: MlflowClient, *, experiment: str, tag: str, value: str
    ) -> Iterator[StoredRun]:
        """Every run with this tag, the earliest first."""
        query, token = f"tags.`{tag}` = '{value}'", None
        while True:
            page = client.search_runs(
                [experiment], query, order_by=["attributes.start_time ASC"], page_token=token
            )
            for run in page:
                points: set[tuple[str, int, str]] | None = None if run.data.metrics else set()
                info, data = run.info, run.data
                yield cls(
                    client,
                    info.run_id,
                    info.status,
                    info.end_time,
                    dict(data.tags),
                    set(data.params),
                    points,
                )
            if not (token := page.token):
                return

    def log_params(self, params: Mapping[str, str]) -> None:
        """Parameters are immutable in MLflow: those it has are left alone."""
        from mlflow.entities import Param

        lacking = [Param(key, value) for key, value in params.items() if key not in self.params]
        for start in range(0, len(lacking), 100):
            self.client.log_batch(self.id, params=lacking[start : start + 100])
        self.params |= set(params)

    def log_points(self, points: Sequence[Point]) -> None:
        """A step that a resumed trial reported again, with the same value, is there already."""
        from mlflow.entities import Metric

        have = self._history({key for key, *_ in points})
        lacking = [point for point in points if _identity(point) not in have]
        for start in range(0, len(lacking), 1000):
            self.client.log_batch(
                self.id, metrics=[Metric(*point) for point in lacking[start : start + 1000]]
            )
        have.update(_identity(point) for point in lacking)

    def log_tags(self, tags: Mapping[str, str]) -> None:
        from mlflow.entities import RunTag

        changed = {name: value for name, value in tags.items() if self.tags.get(name) != value}
        if changed:
            self.client.log_batch(
                self.id, tags=[RunTag(name, value) for name, value in changed.items()]
            )
            self.tags |= changed

    def drop_tag(self, name: str) -> None:
        if name in self.tags:
            self.client.delete_tag(self.id, name)
            del self.tags[name]

    def set_status(self, status: str, ended: int | None) -> None:
        if (self.status, self.ended) == (status, ended):
            return
        if ended is None:
            self.client.update_run(self.id, status=status)
        else:
            self.client.set_terminated(self.id, status=status, end_time=ended)
        self.status, self.ended = status, ended

    def log_file(self, path: Path) -> None:
        self.client.log_artifact(self.id, str(path))

    def log_model(
        self, folder: Path, *, experiment: str, name: str, kind: str | None, key: str, step: int
    ) -> str:
        """The files of `folder` as the run's one logged model; its id. An earlier one (`key`) is
        dropped.
        """
        from mlflow.entities import LoggedModelOutput

        for stale in self.client.search_logged_models(
            [experiment], f"tags.`raylab.trial_key` = '{key}'"
        ):
            self.client.delete_logged_model(stale.model_id)
        model = self.client.create_logged_model(
            experiment,
            name=name,
            source_run_id=self.id,
            tags={"raylab.trial_key": key},
            model_type=kind,
        )
        self.client.log_model_artifacts(model.model_id, str(folder))
        self.client.finalize_logged_model(model.model_id, "READY")
        self.client.log_outputs(self.id, [LoggedModelOutput(model.model_id, step)])
        return str(model.model_id)

    def _history(self, keys: set[str]) -> set[tuple[str, int, str]]:
        if self.points is None:
            self.points = {
                (key, metric.step, repr(float(metric.value)))
                for key in keys
                for metric in self.client.get_metric_history(self.id, key)
            }
        return self.points


def register_model(
    client: MlflowClient, *, name: str, model_id: str, run_id: str, alias: str
) -> str:
    """The version of a logged model in the registry, made unless it is there; the alias points to
    it.
    """
    version = _version(client, name, model_id)
    if version is None:
        with contextlib.suppress(
            Exception
        ):  # the name is taken already; a real problem shows in the next call
            client.create_registered_model(name)
        # Not `models:/<id>`: MLflow resolves that through its global URI, and makes a database
        # where it stands.
        source = client.get_logged_model(model_id).artifact_location
        made = client.create_model_version(name, source, run_id=run_id, model_id=model_id)
        version = str(made.version)
    client.set_registered_model_alias(name, alias, version)
    return version


def without_password(uri: str) -> str:
    parts = urlsplit(uri)
    return uri.replace(parts.netloc, parts.hostname or "", 1) if parts.password else uri


def _version(client: MlflowClient, name: str, model_id: str) -> str | None:
    for version in client.search_model_versions(f"name = '{name}'"):
        if version.model_id == model_id or f"/{model_id}" in version.source:
            return str(version.version)
    return None


def _identity(point: Point) -> tuple[str, int, str]:
    key, value, _, step = point
    return key, step, repr(value)


def _database(uri: str) -> Path:
    return Path(uri.removeprefix("sqlite:///")).absolute()
