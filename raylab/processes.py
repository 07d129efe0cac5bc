"""Processes of a study, by recorded ids: what a killed driver left behind is ended before its
trials are run again.
"""

from __future__ import annotations

import contextlib
import os
import socket
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import psutil

from raylab.errors import DataError
from raylab.files import digest, read_json, write_json

_SAME_S = 0.5  # clocks of one boot read a process's start alike
_ENDING_S = 10.0


def this_process() -> dict[str, Any]:
    """{"host", "pid", "began"}: enough to know the process again, and not to take another for it."""
    return {"host": host(), "pid": os.getpid(), "began": psutil.Process().create_time()}


def child_processes() -> list[dict[str, Any]]:
    """The processes that this one has started, and theirs: of a driver those of the Ray that it
    runs.
    """
    found = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            found.append({"host": host(), "pid": process.pid, "began": process.create_time()})
    return found


def host() -> str:
    """A name for this machine that tells nobody which one it is."""
    return digest([socket.gethostname(), uuid.getnode()])[:16]


def write_process(path: Path) -> None:
    """Leave this process's identity in a file."""
    write_json(path, this_process())


def read_process(path: Path) -> dict[str, Any] | None:
    try:
        return dict(read_json(path))
    except (DataError, OSError):  # cut short together with the process: then there is none to end
        return None


def is_alive(recorded: Mapping[str, Any]) -> bool:
    """Whether a recorded process lives; this one does. Of another machine it is not known: False."""
    return _find(recorded) is not None


def reap(recorded: Iterable[Mapping[str, Any]]) -> list[int]:
    """End those of the recorded processes that still live on this machine, and wait until they are
    gone; their ids.
    """
    alive = [process for one in recorded if (process := _alive(one)) is not None]
    for process in alive:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(alive, timeout=_ENDING_S)
    return [process.pid for process in alive]


def _alive(recorded: Mapping[str, Any]) -> psutil.Process | None:
    """A recorded process that may be ended: neither this one nor one above it."""
    process = _find(recorded)
    spared = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    return process if process is not None and process.pid not in spared else None


def _find(recorded: Mapping[str, Any]) -> psutil.Process | None:
    """The process itself, and not another that was given its number."""
    if recorded.get("host") != host():
        return None
    try:
        process = psutil.Process(int(recorded["pid"]))
        same = abs(process.create_time() - float(recorded["began"])) < _SAME_S
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except (psutil.Error, KeyError, ValueError):
        return None
