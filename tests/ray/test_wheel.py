"""A wheel, installed in an environment of its own, works outside the clone.

The environment sees the dependencies that are installed here, so that nothing is downloaded.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parents[2]
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]


@dataclass(frozen=True)
class Installed:
    """A wheel, and the environment in which it is installed."""

    wheel: Path
    environment: Path

    def run(self, folder: Path, *words: str) -> str:
        """What a command of the environment prints; no variable leads back to the clone."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if name not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
        }
        done = subprocess.run(
            [str(self.environment / "bin" / words[0]), *words[1:]],
            cwd=folder,
            env=kept | {"RAYLAB_HOME": str(folder)},
            capture_output=True,
            text=True,
            timeout=400,
        )
        assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}{done.stderr}"
        return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("wheel")
    build = [*PIP, "wheel", str(ROOT), "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", str(folder)], check=True, timeout=300)
    (wheel,) = folder.glob("raylab-*.whl")
    environment = folder / "environment"
    venv.create(environment)
    own = Path(
        sysconfig.get_path("purelib", "venv", {"base": str(environment)})  # as `venv` laid it out
    )
    (own / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    into = [*PIP, "--python", str(environment / "bin" / "python"), "install"]
    subprocess.run([*into, "--no-deps", "--no-index", str(wheel)], check=True, timeout=300)
    return Installed(wheel, environment)


@pytest.mark.slow
def test_the_wheel_has_every_file_of_the_package(installed: Installed) -> None:
    """Search spaces, recipes, templates, py.typed: all that git knows."""
    listed = subprocess.run(
        ["git", "ls-files", "raylab"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    inside = set(ZipFile(installed.wheel).namelist())
    assert set(listed.stdout.split()) - inside == set()
    assert "raylab/commit.json" in inside


@pytest.mark.ray
def test_it_works_outside_the_clone(installed: Installed, tmp_path: Path) -> None:
    where = "import raylab; print(raylab.__file__)"
    place = installed.run(tmp_path, "python", "-c", where)
    assert Path(place.strip()).is_relative_to(installed.environment)
    assert "spaces" in installed.run(tmp_path, "raylab", "--help")
    assert "Decoders of a label" in installed.run(tmp_path, "raylab", "spaces")
    small = ["--sessions", "1", "--samples", "600", "--units", "12"]
    installed.run(tmp_path, "raylab", "synth", "recordings", *small)
    installed.run(tmp_path, "raylab", "prepare", "recordings", "--out", "ds")
    short = ["--trials", "2", "--set", "model.kind=ridge"]
    installed.run(tmp_path, "raylab", "search", "decoder", "--data", "ds", "--out", "study", *short)
    described = json.loads((tmp_path / "study" / "study.json").read_text())
    commit = json.loads(ZipFile(installed.wheel).read("raylab/commit.json"))
    assert described["git"] == commit
    assert (tmp_path / "study" / "report.html").stat().st_size > 10_000
