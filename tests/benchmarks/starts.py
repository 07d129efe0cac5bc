"""How long a user waits: commands from their first moment to their last, in processes of their own.

Times of what happens in between are read from the ledger, and are seconds after the command's
start. `python -m tests.benchmarks.starts` prints the row `start/search` as a table.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from raylab.tracking.events import DriverStarted, StudyEnded, TrialEnded, TrialStarted
from raylab.tracking.study import StudyFolder

ROUNDS = 3
RIDGE: dict[str, Any] = {
    "task": {"kind": "decoder"},
    "base": {"model": {"kind": "ridge"}, "training.device": "cpu"},
    "budget": {"trials": 1},
    "resources": {"cpus": 1, "concurrent": 1},
}


def start_search() -> dict[str, float]:
    """`raylab search` of one ridge trial: medians of the times after the command's start, and how
    long a command takes whose space has a typo.
    """
    with tempfile.TemporaryDirectory(prefix="raylab-bench-") as folder:
        home = _home(Path(folder))
        phases = [_phases(home, RIDGE, f"study{number}") for number in range(ROUNDS)]
        typo = {**RIDGE, "base": {"model": {"kind": "rigde"}}}
        wrong = [_command(home, typo, f"typo{number}", code=2)[1] for number in range(ROUNDS)]
    medians = {name: float(np.median([row[name] for row in phases])) for name in phases[0]}
    return {**medians, "typo_s": float(np.median(wrong))}


def start_study(space: dict[str, Any], data: Path, each_s: float, slots: int) -> dict[str, float]:
    """`raylab search` of many short trials over what the trials alone would take.

    Args:
        each_s: Seconds of one trial, alone in a warm process.
        slots: Trials that run at the same time.
    """
    home = data.parent
    phases = _phases(home, space, "whole", data=data)
    ideal = space["budget"]["trials"] * each_s / slots
    return {**phases, "alone_s": each_s, "ratio": phases["whole_s"] / ideal}


def _home(folder: Path) -> Path:
    """A folder with a small prepared dataset."""
    random = np.random.default_rng(0)
    phase = np.cumsum(0.1 + 0.05 * random.random(2000))
    activity = np.stack([np.sin(phase), np.cos(phase)], 1) @ random.normal(size=(2, 40))
    np.savez(folder / "one.npz", x=activity + random.normal(size=(2000, 40)), angle=np.sin(phase))
    recipe = {
        "format": "npz",
        "neural": {"path": "x", "kind": "rate"},
        "time": {"rate_hz": 30},
        "labels": {"angle": {"path": "angle", "kind": "continuous", "unit": "a"}},
    }
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    command = ("prepare", folder / "one.npz", "--recipe", folder / "recipe.yaml")
    _raylab(folder, *command, "--out", folder / "ds")
    return folder


def _phases(
    home: Path, space: dict[str, Any], name: str, *, data: Path | None = None
) -> dict[str, float]:
    began, whole = _command(home, space, name, data=data)
    study = StudyFolder.open(home / name)
    events = study.ledger.read()
    times = {
        "ray_s": study.description["created"],
        "driver_s": next(event.time for event in events if isinstance(event, DriverStarted)),
        "first_trial_s": next(event.time for event in events if isinstance(event, TrialStarted)),
        "last_trial_s": max(event.time for event in events if isinstance(event, TrialEnded)),
        "ended_s": next(event.time for event in events if isinstance(event, StudyEnded)),
        "baselines_s": study.baselines_path.stat().st_mtime,
        "report_s": study.report_path.stat().st_mtime,
    }
    return {**{key: at - began for key, at in times.items()}, "whole_s": whole}


def _command(
    home: Path, space: dict[str, Any], name: str, *, data: Path | None = None, code: int = 0
) -> tuple[float, float]:
    """When a search began (unix seconds), and how long it took."""
    path = home / f"{name}.yaml"
    path.write_text(yaml.safe_dump(space))
    arguments = (path, "--data", data or home / "ds", "--out", home / name)
    began, start = time.time(), time.perf_counter()
    _raylab(home, "search", *arguments, code=code)
    return began, time.perf_counter() - start


def _raylab(home: Path, *arguments: object, code: int = 0) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "raylab.cli", *map(str, arguments)],
        env={**os.environ, "RAYLAB_HOME": str(home / "runs"), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr


def main() -> None:
    for name, seconds in start_search().items():
        print(f"{name:>16} {seconds:6.2f}")


if __name__ == "__main__":
    main()
