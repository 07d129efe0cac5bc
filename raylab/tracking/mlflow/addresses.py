"""Addresses of MLflow's tracking store and artifacts, and the command of its user interface."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

from raylab.tracking.sqlite import PREFIX, sqlite_path, sqlite_url


def raylab_home() -> Path:
    """The folder below which raylab keeps what belongs to no study: RAYLAB_HOME, or this folder."""
    return Path(os.environ.get("RAYLAB_HOME") or ".").expanduser()


def default_uri(home: Path | None = None) -> str:
    """MLFLOW_TRACKING_URI, or a SQLite file `<home>/runs/mlflow.db`."""
    home = raylab_home() if home is None else home
    stated = os.environ.get("MLFLOW_TRACKING_URI")
    return stated or sqlite_url(home.absolute() / "runs" / "mlflow.db")


def default_artifacts(uri: str) -> str | None:
    """Where a new experiment keeps its files; None leaves it to the server.

    A database without it would put them into `./mlruns` of whatever folder a process started in.
    """
    if uri.startswith(PREFIX):
        return (sqlite_path(uri).parent / "mlartifacts").as_uri()
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


def without_password(uri: str) -> str:
    parts = urlsplit(uri)
    return uri.replace(parts.netloc, parts.hostname or "", 1) if parts.password else uri
