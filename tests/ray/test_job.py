"""`ray job submit` to a real head with token authentication: a search runs there and its records
are found here.
"""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path

import pytest
from head import RAY, Head, head, status
from helpers import dataset, session
from processes import leaderboard, mlflow_children

from raylab.tracking.study import StudyFolder

pytestmark = pytest.mark.ray
REPO = Path(__file__).parents[2]


def test_a_submitted_search_leaves_a_finished_study(tmp_path: Path) -> None:
    """The working directory travels without `.venv` and `runs`; data and study lie outside it."""
    data = dataset(tmp_path / "ds", session("a"), session("b", units=4, seed=1))
    study = tmp_path / "storage" / "study"
    (tmp_path / "storage").mkdir()
    entry = [
        "python",
        "jobs/run.py",
        "search",
        "search_spaces/smoke.yaml",
        "--data",
        str(data.path),
        "--out",
        str(study),
    ]
    entry += ["--trials", "2", "--set", "training.max_steps=40", "--set", "scheduler.kind=none"]
    with head(tmp_path, cpus=2) as cluster:
        assert status(f"{cluster.dashboard}/api/jobs/") == 401
        assert status(f"{cluster.dashboard}/api/jobs/", token="0" * 64) in (401, 403)
        submitted = _job(cluster, "submit", "--no-wait", "--working-dir", str(REPO), "--", *entry)
        (job,) = set(re.findall(r"raysubmit_\w+", submitted))
        assert _end_of(cluster, job) == "succeeded", _job(cluster, "logs", job)
        (copied,) = (
            path for path in cluster.folder.rglob("working_dir_files/_ray_pkg_*") if path.is_dir()
        )
        assert (copied / "jobs" / "run.py").is_file()
        assert not (copied / ".venv").exists()
        assert not (copied / "runs").exists()
    rows = {row["trial"]: row for row in leaderboard(study)}
    assert {name: row["state"] for name, row in rows.items()} == {
        "0000": "completed",
        "0001": "completed",
    }
    # Beside the study: the copy that the job ran in is gone.
    tracked = StudyFolder.open(study).description["tracking"]["uri"]
    assert tracked == f"sqlite:///{tmp_path / 'storage' / 'runs' / 'mlflow.db'}"
    runs = mlflow_children(tracked)
    assert {name: run["state"] for name, run in runs.items()} == {
        name: row["state"] for name, row in rows.items()
    }
    assert {name: run["score"] for name, run in runs.items()} == {
        name: row["score"] for name, row in rows.items()
    }


def _job(cluster: Head, *arguments: str) -> str:
    verb, *rest = arguments
    command = [RAY, "job", verb, "--address", cluster.dashboard, *rest]
    done = subprocess.run(
        command, env=cluster.environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _end_of(cluster: Head, job: str) -> str:
    """The job's last state, asked for: Ray cuts the log that it streams to `submit` while a busy
    head starts.
    """
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        told = _job(cluster, "status", job)
        if ended := re.search(rf"'{job}' (succeeded|failed|was stopped)", told):
            return ended[1]
        time.sleep(1)
    raise AssertionError(f"{job} has not ended: {told}")
