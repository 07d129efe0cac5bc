"""A selection over seeds, killed in the middle and resumed: each repetition once, a champion
everywhere.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
import ray
import yaml
from helpers import dataset, session
from processes import (
    RAYLAB,
    alive,
    descendants,
    end,
    leaderboard,
    mlflow_children,
    raylab,
    wait_until,
)

import raylab as package
from raylab.errors import StudyError
from raylab.tracking.events import Selected, TrialEnded
from raylab.tracking.selections import drawn
from raylab.tracking.study import StudyFolder

pytestmark = pytest.mark.ray
SPACE: dict[str, Any] = {
    "objective": {"metric": "decoding.score"},
    "base": {
        "model": {"encoder": {"kind": "offset10", "hidden_units": 16}, "output_dimension": 3},
        "sampling": {"conditional": "time_delta", "time_offset": 2},
        # Long enough that the test meets a repetition at work, also on a fast machine.
        "training": {"batch_size": 256, "max_steps": 3000, "validate_every": 50},
    },
    "search": {"optimizer.learning_rate": {"float": [1e-4, 1e-1], "log": True}},
    "sampler": {"kind": "random"},
    "budget": {"trials": 4},
    "resources": {"concurrent": 2},
}
SELECT = ["--top", "2", "--seeds", "2", "--shuffles", "2"]


def test_a_killed_selection_is_finished_and_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ray.shutdown()
    monkeypatch.setenv("RAYLAB_HOME", str(tmp_path))
    study, log = tmp_path / "study", tmp_path / "log.txt"
    (tmp_path / "space.yaml").write_text(yaml.safe_dump(SPACE))
    data = dataset(tmp_path / "ds", session("a", samples=900, units=8))
    with raylab(
        "search", tmp_path / "space.yaml", "--data", data.path, "--out", study, log=log
    ) as process:
        assert process.wait(400) == 0, log.read_text()
    before = {record.trial: record for record in StudyFolder.open(study).records()}

    with raylab("select", study, *SELECT, log=log) as process:
        wait_until(lambda: under_way(study), seconds=240, process=process)
        below = descendants(process.pid)
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait(10) == -signal.SIGKILL
        working = {pid for pid, command in below.items() if "Agent" not in command}
        try:
            wait_until(lambda: not alive(working), seconds=60)
        finally:
            end(*below)
    with pytest.raises(StudyError, match="another selection is unfinished"):
        package.select(study, top=3, seeds=2, say=print)
    kept = {record.trial for record in repeated(study) if record.state == "completed"}
    with raylab("resume", study, log=log) as process:
        assert process.wait(400) == 0, log.read_text()

    check_records(study, before, kept)
    check_champion(study)


def check_records(study: Path, before: dict[str, Any], kept: set[str]) -> None:
    found = StudyFolder.open(study)
    result = json.loads(found.selection_path.read_text())
    candidates = [one["trial"] for one in result["candidates"]]
    ranking = sorted(before, key=lambda trial: -before[trial].score)
    assert candidates == ranking[:2]
    assert {record.trial: record for record in drawn(found.records())} == before
    repetitions = {record.trial: record for record in repeated(study)}
    assert sorted(repetitions) == sorted(
        f"{trial}-seed{seed}" for trial in candidates for seed in (1, 2)
    )
    ends = [event.trial for event in found.ledger.read() if isinstance(event, TrialEnded)]
    for trial, record in repetitions.items():
        assert record.state == "completed"
        assert ends.count(trial) == 1 or trial not in kept
        assert record.of in candidates
        own = before[record.of].config
        assert record.config == {**own, "training": {**own["training"], "seed": int(trial[-1])}}
    runs = mlflow_children(found.description["tracking"]["uri"], found.name)
    assert {trial: run["score"] for trial, run in runs.items()} == {
        one.trial: one.score for one in found.records()
    }
    assert [row["trial"] for row in leaderboard(study)] == ranking  # repetitions are no rows
    assert [row["seeds"]["count"] if row["seeds"] else None for row in leaderboard(study)] == [
        2,
        2,
        None,
        None,
    ]


def check_champion(study: Path) -> None:
    from mlflow import MlflowClient

    found = StudyFolder.open(study)
    result = json.loads(found.selection_path.read_text())
    own = [record for record in repeated(study) if record.of == result["of"]]
    assert (
        result["trial"] == min(own, key=lambda record: record.score or 0.0).trial
    )  # of two the worse
    assert (result["control"]["trial"], result["control"]["shuffles"]) == (result["trial"], 2)
    client = MlflowClient(found.description["tracking"]["uri"])
    version = client.get_model_version_by_alias("raylab-study", "champion")
    tags = client.get_run(version.run_id or "").data.tags
    assert (tags["raylab.trial"], tags["raylab.of"]) == (result["trial"], result["of"])
    scored = package.evaluate(study, split="test")
    assert (scored.trial, scored.selected, scored.test_reads) == (result["trial"], True, 1)
    again = subprocess.run(
        [*RAYLAB, "select", study, *SELECT], capture_output=True, text=True, check=True, timeout=90
    )
    assert "this selection has ended; nothing to train" in again.stderr
    assert f"Champion: {result['trial']}" in again.stdout
    assert sum(isinstance(event, Selected) for event in found.ledger.read()) == 1


def under_way(study: Path) -> bool:
    """One repetition has ended and another has not."""
    states = {record.state for record in repeated(study) if record.step}
    return {"completed", "running"} <= states


def repeated(study: Path) -> list[Any]:
    return [record for record in StudyFolder.open(study).records() if record.of is not None]
