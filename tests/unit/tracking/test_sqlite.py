"""Addresses of databases, whatever characters their paths have."""

from __future__ import annotations

from pathlib import Path

import optuna
import pytest

from raylab.tracking.mlflow.addresses import default_uri, raylab_home
from raylab.tracking.sqlite import sqlite_path, sqlite_url

NAMES = ["plain", "why?1", "lr%41", "a b", "é", "x#1", "a&b=c", "50%"]


@pytest.mark.parametrize("name", NAMES)
def test_a_database_lies_where_its_path_says(name: str, tmp_path: Path) -> None:
    path = tmp_path / name / "optuna.db"
    path.parent.mkdir()
    assert sqlite_path(sqlite_url(path)) == path
    optuna.create_study(storage=sqlite_url(path), study_name="one")
    assert path.is_file()
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [name]


def test_usual_paths_are_not_quoted() -> None:
    assert sqlite_url(Path("/home/josé/my runs/x.db")) == "sqlite:////home/josé/my runs/x.db"


def test_the_home_folder_is_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.setenv("RAYLAB_HOME", "~/runs?")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert raylab_home() == Path("/home/somebody/runs?")
    assert sqlite_path(default_uri()) == Path("/home/somebody/runs?/runs/mlflow.db")
