"""Studies in processes of their own, and what they leave behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

RAYLAB = [sys.executable, "-m", "raylab.cli"]
# A minute each, of the forty that CI has.
by_make_chaos = pytest.mark.skipif("RAYLAB_KILLS" not in os.environ, reason="run by `make chaos`")


@contextlib.contextmanager
def raylab(
    *arguments: str | Path, log: Path, **environment: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A raylab command under way, in a process group of its own as in a terminal. Its whole tree
    ends with it.
    """
    with log.open("ab") as file:
        process = subprocess.Popen(
            [*RAYLAB, *map(str, arguments)],
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **environment},
        )
        seen: set[int] = set()
        try:
            yield process
        finally:
            seen |= set(descendants(process.pid))
            end(process.pid, *seen)
            process.wait(30)


def leaderboard(study: Path) -> list[dict[str, Any]]:
    """What `raylab leaderboard --json` prints: standard output must be one JSON array and nothing
    else.
    """
    command = [*RAYLAB, "leaderboard", str(study), "--json"]
    found = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)
    assert isinstance(found, list)
    return found


def mlflow_children(uri: str, study: str | None = None) -> dict[str, dict[str, Any]]:
    """Child runs of a store with one study, or of one by name: {trial: {"state", "status", "score",
    "steps"}}.
    """
    from mlflow import MlflowClient

    client = MlflowClient(uri)
    runs = [
        run
        for e in client.search_experiments()
        for run in client.search_runs([e.experiment_id], max_results=1000)
    ]
    runs = [run for run in runs if study in (None, run.data.tags["raylab.study_name"])]
    parents = [run.info.run_id for run in runs if "mlflow.parentRunId" not in run.data.tags]
    assert len(parents) == 1
    found = {
        run.data.tags["mlflow.runName"].split("/")[-1]: {
            "state": run.data.tags["raylab.state"],
            "status": run.info.status,
            "score": run.data.metrics.get("score"),
        }
        for run in runs
        if run.data.tags.get("mlflow.parentRunId") == parents[0]
    }
    assert len(found) == len(runs) - 1, "a trial has two runs"
    return found


def wait_until(
    true: Callable[[], Any], *, seconds: float, process: subprocess.Popen[bytes] | None = None
) -> Any:
    """The first true value of `true()`; fails after `seconds`, or when `process` has ended."""
    limit = time.monotonic() + seconds
    while not (value := true()):
        assert time.monotonic() < limit, f"not true within {seconds} s"
        assert process is None or process.poll() is None, (
            f"the process ended with {process.returncode}"
        )
        time.sleep(0.2)
    return value


def descendants(pid: int) -> dict[int, str]:
    """Live processes below `pid`: {pid: command line}."""
    table: dict[int, tuple[int, str]] = {}
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError, IndexError):
            state, parent = (folder / "stat").read_text().rsplit(")", 1)[1].split()[:2]
            command = (
                (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            )
            if state != "Z":
                table[int(folder.name)] = (int(parent), command)
    found: dict[int, str] = {}
    generation = {pid}
    while generation:
        generation = {child for child, (parent, _) in table.items() if parent in generation}
        found |= {child: table[child][1] for child in generation}
    return found


def end(*pids: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def alive(pids: set[int]) -> set[int]:
    found = set()
    for pid in pids:
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z":
                found.add(pid)
    return found
