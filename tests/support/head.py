"""A real head node as `ray start` makes it: its own ports, folder and token, so that it meets no
other Ray here.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from processes import descendants, end

from raylab.ports import free_port

RAY = str(Path(sys.executable).parent / "ray")


@dataclass(frozen=True)
class Head:
    """A head under way.

    Attributes:
        address: Of the cluster, as RAY_ADDRESS.
        dashboard: URL of dashboard and jobs API.
        environment: With the token, where it asks for one.
        folder: Ray's temporary folder.
    """

    address: str
    dashboard: str
    environment: dict[str, str]
    folder: Path


@contextlib.contextmanager
def head(folder: Path, *, cpus: int, asks: bool = True) -> Iterator[Head]:
    """A head that asks for a token, or one without, as `ray start` makes it for who has never heard
    of tokens.
    """
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("RAY_", "RAYLAB_", "MLFLOW_"))
    }
    environment |= _with_token(folder / "token") if asks else {"HOME": str(folder)}
    environment["PATH"] = (
        f"{Path(sys.executable).parent}:{environment['PATH']}"  # a job runs `python`
    )
    temporary = Path(tempfile.mkdtemp(prefix="rl"))  # short: Ray's sockets lie in it
    gcs, dashboard = free_port(), free_port()
    names = ("ray-client-server-port", "dashboard-agent-listen-port")
    options = {name: free_port() for name in names} | {
        "port": gcs,
        "dashboard-port": dashboard,
        "num-cpus": cpus,
    }
    command = [
        RAY,
        "start",
        "--head",
        "--block",
        "--node-ip-address=127.0.0.1",
        "--dashboard-host=127.0.0.1",
    ]
    command += [
        "--disable-usage-stats",
        "--object-store-memory=200000000",
        f"--temp-dir={temporary}",
    ]
    command += [f"--{name}={value}" for name, value in options.items()]
    log = (folder / "head.log").open("wb")
    process = subprocess.Popen(
        command, env=environment, stdout=log, stderr=log, start_new_session=True
    )
    found = Head(f"127.0.0.1:{gcs}", f"http://127.0.0.1:{dashboard}", environment, temporary)
    try:
        _wait_for(found, process, seconds=90)
        yield found
    finally:
        below = descendants(process.pid)
        end(process.pid, *below)
        process.wait(30)
        log.close()
        shutil.rmtree(temporary, ignore_errors=True)


def _with_token(path: Path) -> dict[str, str]:
    path.touch(0o600)
    path.write_text(secrets.token_hex(32))
    return {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(path)}


def status(url: str, *, token: str | None = None) -> int:
    """HTTP status of a GET; 0 while nothing answers."""
    request = urllib.request.Request(
        url, headers={"Authorization": f"Bearer {token}"} if token else {}
    )
    try:
        return int(urllib.request.urlopen(request, timeout=10).status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def _wait_for(started: Head, process: subprocess.Popen[bytes], *, seconds: float) -> None:
    kept = started.environment.get("RAY_AUTH_TOKEN_PATH")
    token = Path(kept).read_text() if kept else None
    limit = time.monotonic() + seconds
    while status(f"{started.dashboard}/api/jobs/", token=token) != 200:
        assert process.poll() is None, "the head ended"
        assert time.monotonic() < limit, "the head did not come up"
        time.sleep(0.5)
