"""`raylab resume` runs no pickle of the study, wherever Ray Tune would look for its snapshots."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers import dataset, session
from processes import leaderboard

import raylab

pytestmark = pytest.mark.ray
SPACE = Path(__file__).parents[2] / "search_spaces" / "smoke.yaml"


class Bomb:
    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> tuple[Any, ...]:
        return os.makedirs, (self.path, 0o777, True)


def test_resume_runs_no_pickle_of_the_study(tmp_path: Path) -> None:
    """A search that is one trial short, as its driver would leave it with `.tune` when killed."""
    data = dataset(tmp_path / "ds", session("a"))
    changes = {"training.max_steps": 20, "scheduler.kind": "none"}
    study = raylab.search(
        SPACE, data=data.path, out=tmp_path / "study", trials=1, overrides=changes, say=str
    )
    space = yaml.safe_load(study.space_path.read_text())
    space["budget"]["trials"] = 2
    study.space_path.write_text(yaml.safe_dump(space))
    ran = tmp_path / "ran"
    for place in (
        study.path / ".tune" / "search",
        study.trial_folder("0000"),
        study.checkpoint_folder("0001"),
    ):
        place.mkdir(parents=True, exist_ok=True)
        for name in (
            "tuner.pkl",
            "trainable.pkl",
            "searcher-state.pkl",
            "checkpoint.pkl",
            "trial.pkl",
        ):
            (place / name).write_bytes(pickle.dumps(Bomb(ran)))
    raylab.resume(study.path, say=str)
    assert [row["state"] for row in leaderboard(study.path)] == ["completed", "completed"]
    assert not ran.exists()
    assert not (study.path / ".tune").exists()
    pickle.loads((study.trial_folder("0000") / "tuner.pkl").read_bytes())
    assert ran.is_dir()  # the charge was live
