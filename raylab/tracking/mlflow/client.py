"""Connections to MLflow."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from raylab.errors import RaylabError
from raylab.tracking.sqlite import PREFIX, sqlite_path

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


def connect(uri: str) -> MlflowClient:
    """A client of its own: no global tracking URI, no active run."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    if uri.startswith(PREFIX):
        sqlite_path(uri).parent.mkdir(parents=True, exist_ok=True)
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
