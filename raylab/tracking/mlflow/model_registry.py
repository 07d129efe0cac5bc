"""Registered models of MLflow."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow import MlflowClient


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


def model_name(study: str) -> str:
    """MLflow allows fewer characters in names of models than a folder may have."""
    return re.sub(r"[^\w-]", "_", study)


def _version(client: MlflowClient, name: str, model_id: str) -> str | None:
    for version in client.search_model_versions(f"name = '{name}'"):
        if version.model_id == model_id or f"/{model_id}" in version.source:
            return str(version.version)
    return None
