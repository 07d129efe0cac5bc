"""A study under fire: seeded random kills of its driver, its trials' and workers' processes and its MLflow server, each
followed by what a user would do, until the study is finished."""

from __future__ import annotations

import contextlib
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

TARGETS = {"driver": 2, "trial": 5, "server": 1, "worker": 4}  # how often each is aimed at, where there is one
_TRIAL, _WORKER = r"ray::(TrialActor|WorkersTrial)", r"ray::.*TrainWorker"
PAUSE_S = (0.5, 6.0)  # between two kills
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
                    self._strike(process)
                process.wait(max(1.0, limit - time.monotonic()))
            if process.returncode == 0:
                return
            assert process.returncode == -signal.SIGKILL, self.log.read_text()
            self._deaths.clear()
            begun = (self.study / "study.json").is_file()  # killed before there was a study: it is searched anew
            arguments = [*RAYLAB, "resume", str(self.study)] if begun else self.command

    def _pause(self, process: subprocess.Popen[bytes]) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(self.rng.uniform(*PAUSE_S))

    def _strike(self, process: subprocess.Popen[bytes]) -> None:
        """One kill of something that is there."""
        below = descendants(process.pid)
        workers = [pid for pid, name in below.items() if re.match(_WORKER, name)]
        trials = [pid for pid, name in below.items() if re.match(_TRIAL, name) and self._may_die(pid)]
        there = {"driver": [process.pid], "trial": trials, "worker": workers[:1], "server": [self.server.pid]}
        there["worker"] = [pid for pid in there["worker"] if self._may_die(pid)]
        targets = [target for target, pids in there.items() if pids]
        target = self.rng.choices(targets, weights=[TARGETS[target] for target in targets])[0]
        if process.poll() is not None:
            return
        if target == "server":
            self.server.kill()
            self.server.start(wait=False)
        else:
            end(self.rng.choice(there[target]))
        self.killed[target] += 1

    def _may_die(self, pid: int) -> bool:
        """Whether the trial that this process trains has deaths left under this driver."""
        for path in (self.study / "trials").glob("*/process-*.json"):
            if f'"pid": {pid}' in path.read_text() or f'"pid":{pid}' in path.read_text():
                self._deaths[path.parent.name] += 1
                return self._deaths[path.parent.name] <= MOST_OF_ONE
        return False

    @contextlib.contextmanager
    def _raylab(self, arguments: list[str]) -> Iterator[subprocess.Popen[bytes]]:
        """A command of raylab's. What outlives its death is left: ending it is the next driver's work."""
        environment = {**os.environ, "MLFLOW_TRACKING_URI": self.server.uri, "RAYLAB_HOME": str(self.study.parent)}
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                arguments, stdout=log, stderr=log, start_new_session=True, env=environment, cwd=self.study.parent
            )
            try:
                yield process
            finally:
                if process.poll() is None:
                    end(process.pid, *descendants(process.pid))
                    process.wait(30)


class Server:
    """A real MLflow server on loopback, which can be killed and started again on what it had stored."""

    def __init__(self, folder: Path, port: int) -> None:
        self.uri = f"http://127.0.0.1:{port}"
        store = f"sqlite:///{folder / 'server.db'}"
        files = ["--artifacts-destination", str(folder / "files")]
        where = ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
        self._command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", store, *files, *where]
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
                self._command, env={**os.environ, **quiet}, stdout=log, stderr=log, start_new_session=True
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
