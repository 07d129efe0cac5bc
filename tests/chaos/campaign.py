"""A study under fire: seeded random kills of its driver, its trials' and workers' processes and its
MLflow server, each followed by what a user would do, until the study is finished.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from processes import RAYLAB, descendants, end

TARGETS = {
    "driver": 2,
    "trial": 5,
    "server": 1,
    "worker": 20,
}  # how often each is aimed at, where there is one
_TRIAL, _WORKER = r"ray::(TrialActor|WorkersTrial|ResourceTrainable)", r"ray::.*TrainWorker"
EARLY = 0.2  # the chance of a blow before any trial, or any of its several workers, is at work
PAUSE_S = (0.5, 6.0)  # between two looks at what there is to kill
MOST_OF_ONE = 3  # deaths of one trial under one driver: a fourth would, rightly, fail it
FINISHED_S = 900.0


@dataclass
class Campaign:
    """Kills until the study has ended, or `most` kills were made and it ends in peace.

    Attributes:
        killed: How often each target was hit.
    """

    study: Path
    command: list[str]
    server: Server
    rng: random.Random
    most: int
    workers: int
    log: Path
    killed: Counter[str] = field(default_factory=Counter)
    _deaths: Counter[str] = field(default_factory=Counter)

    def run(self) -> None:
        limit = time.monotonic() + FINISHED_S
        arguments = self.command
        while True:
            with self._raylab(arguments) as process:
                while process.poll() is None and self.killed.total() < self.most:
                    self._pause(process)
                    if self._at_work(process) or self.rng.random() < EARLY:
                        self._strike(process)
                process.wait(max(1.0, limit - time.monotonic()))
            if process.returncode == 0:
                return
            assert process.returncode == -signal.SIGKILL, self.log.read_text()
            self._deaths.clear()
            begun = (
                self.study / "study.json"
            ).is_file()  # killed before there was a study: it is searched anew
            arguments = [*RAYLAB, "resume", str(self.study)] if begun else self.command

    def _pause(self, process: subprocess.Popen[bytes]) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(self.rng.uniform(*PAUSE_S))

    def _strike(self, process: subprocess.Popen[bytes]) -> None:
        """One kill of something that is there."""
        workers, trials = self._named(_WORKER, process), self._named(_TRIAL, process)
        may_die = [
            pid for pid in (*trials, *workers) if self._deaths[self._trial_of(pid)] < MOST_OF_ONE
        ]
        there = {
            "driver": [process.pid],
            "trial": [pid for pid in trials if pid in may_die],
            "worker": [pid for pid in workers if pid in may_die],
            "server": [self.server.pid],
        }
        targets = [target for target, pids in there.items() if pids]
        target = self.rng.choices(targets, weights=[TARGETS[target] for target in targets])[0]
        hit = self.rng.choice(there[target])
        if process.poll() is not None:
            return
        self._deaths[self._trial_of(hit)] += target in ("trial", "worker")
        self.killed[target] += 1
        if target == "server":
            self.server.kill()
            self.server.start(wait=False)
        else:
            end(hit)

    def _at_work(self, process: subprocess.Popen[bytes]) -> bool:
        return bool(self._named(_TRIAL if self.workers == 1 else _WORKER, process))

    def _named(self, title: str, process: subprocess.Popen[bytes]) -> list[int]:
        return [pid for pid, name in descendants(process.pid).items() if re.match(title, name)]

    def _trial_of(self, pid: int) -> str:
        """Which trial a process trains, as it wrote down itself; of a waiting one of several
        workers: any.
        """
        for path in (self.study / "trials").glob("*/process-*.json"):
            with contextlib.suppress(OSError, ValueError):
                if json.loads(path.read_text())["pid"] == pid:
                    return path.parent.name
        return "any"

    @contextlib.contextmanager
    def _raylab(self, arguments: list[str]) -> Iterator[subprocess.Popen[bytes]]:
        """A command of raylab's. What outlives its death is left: ending it is the next driver's
        work.
        """
        environment = {
            **os.environ,
            "MLFLOW_TRACKING_URI": self.server.uri,
            "RAYLAB_HOME": str(self.study.parent),
        }
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                arguments,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=environment,
                cwd=self.study.parent,
            )
            try:
                yield process
            finally:
                if process.poll() is None:
                    end(process.pid, *descendants(process.pid))
                    process.wait(30)


class Server:
    """A real MLflow server on loopback, which can be killed and started again on what it had
    stored.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self.uri = f"http://127.0.0.1:{port}"
        store = f"sqlite:///{folder / 'server.db'}"
        files = ["--artifacts-destination", str(folder / "files")]
        where = ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
        self._command = [
            sys.executable,
            "-m",
            "mlflow",
            "server",
            "--backend-store-uri",
            store,
            *files,
            *where,
        ]
        self._log = folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self, *, wait: bool = True) -> None:
        quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env={**os.environ, **quiet},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        if wait:
            self.wait()

    def wait(self) -> None:
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{self.uri}/health", timeout=2)
            except OSError:
                time.sleep(0.3)
            else:
                return
        raise AssertionError(self._log.read_text())

    def kill(self) -> None:
        """It and its workers, with all they were about to write."""
        if self._process is not None:
            end(self._process.pid, *descendants(self._process.pid))
            self._process.wait(30)
