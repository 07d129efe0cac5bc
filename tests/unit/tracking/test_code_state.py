"""The commit of raylab's own code is recorded, not that of the folder in which a command runs."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from raylab.tracking import environment
from raylab.tracking.study import StudyFolder
from raylab.version import __version__


def repository(folder: Path, *files: str) -> None:
    """A repository with one commit of some files."""
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(folder)]
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text("1")
    for command in (["init", "-q"], ["add", *files], ["commit", "-qm", "x"]):
        subprocess.run([*git, *command], check=True)


def test_the_git_state_of_a_folder(tmp_path: Path) -> None:
    assert environment.git_state(tmp_path) is None
    repository(tmp_path, "a")
    clean = environment.git_state(tmp_path)
    (tmp_path / "a").write_text("2")
    dirty = environment.git_state(tmp_path)
    assert clean is not None
    assert dirty == {"commit": clean["commit"], "dirty": True}
    assert clean["dirty"] is False
    assert len(str(clean["commit"])) == 40


def test_a_clone_states_its_commit(tmp_path: Path) -> None:
    repository(tmp_path, "raylab/version.py")
    state = environment.code_state(tmp_path / "raylab")
    assert state == environment.git_state(tmp_path)


def test_an_installed_wheel_states_what_it_was_built_from(tmp_path: Path) -> None:
    """Also where the environment lies in a repository of the user's."""
    repository(tmp_path, "analysis.py")
    package = tmp_path / ".venv" / "raylab"
    package.mkdir(parents=True)
    (package / "version.py").write_text("")
    assert environment.code_state(package) is None
    built = {"commit": "c0ffee" * 6 + "beef", "dirty": False}
    (package / environment.BUILT).write_text(json.dumps(built))
    assert environment.code_state(package) == built


def test_a_study_does_not_depend_on_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository(tmp_path, "analysis.py")
    monkeypatch.chdir(tmp_path)
    described = StudyFolder.create(tmp_path / "study", {}).description
    assert described["git"] == environment.code_state()
    assert described["git"] != environment.git_state(tmp_path)
    assert described["raylab"] == described["packages"]["raylab"] == __version__
