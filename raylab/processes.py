"""Processes of a study, by recorded ids, so that those which a killed driver left running can be
ended before its trials are run again.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeAlias, TypedDict

import psutil

from raylab.errors import DataError
from raylab.files import digest, read_json, write_json

_SAME_S = 0.5  # clocks of one boot read a process's start alike
_ENDING_S = 10.0
_LOOK_S = 0.01  # between two looks at whether a process is gone

Recorded: TypeAlias = Mapping[str, str | int | float]  # a ProcessRecord, perhaps cut short


class ProcessRecord(TypedDict):
    """What identifies a process, even after its number was given to another one.

    `host` is a digest of the machine, `began` the start of the process in unix seconds.
    """

    host: str
    pid: int
    began: float


def this_process() -> ProcessRecord:
    """The record of this process."""
    return {"host": host(), "pid": os.getpid(), "began": psutil.Process().create_time()}


def child_processes() -> list[ProcessRecord]:
    """The processes below this one, at any depth. A driver's are those of its local Ray."""
    processes: list[ProcessRecord] = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            processes.append({"host": host(), "pid": process.pid, "began": process.create_time()})
    return processes


def host() -> str:
    """A digest that identifies this machine without revealing its name."""
    return digest([socket.gethostname(), uuid.getnode()])[:16]


def write_process(path: Path) -> None:
    """Write the record of this process to a file."""
    write_json(path, this_process())


def read_process(path: Path) -> Recorded | None:
    """The record in a file; None where the file was cut short."""
    try:
        return dict(read_json(path))
    except (DataError, OSError):  # cut short together with the process: then there is none to end
        return None


def is_alive(recorded: Recorded) -> bool:
    """Whether a recorded process still runs. False for a process of another machine, of which this
    one cannot know.
    """
    return _find(recorded) is not None


def reap(recorded: Iterable[Recorded]) -> list[int]:
    """Kill the recorded processes that still run on this machine, and wait until they are gone.

    Returns:
        The ids of the processes that were killed.
    """
    alive = [process for record in recorded if (process := _alive(record)) is not None]
    for process in alive:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(alive, timeout=_ENDING_S)
    return [process.pid for process in alive]


def end_trees(roots: Iterable[int]) -> None:
    """Kill processes together with everything that they began, and wait until they are gone.

    Args:
        roots: Ids of processes that this process has begun and not yet waited for, so that no other
            process can have been given their numbers.
    """
    trees: list[psutil.Process] = []
    for pid in roots:
        with contextlib.suppress(psutil.Error):
            trees.append(psutil.Process(pid))
            trees[-1].suspend()  # so that it begins no other process while those are listed
    for root in tuple(trees):
        with contextlib.suppress(psutil.Error):
            trees += root.children(recursive=True)
    for process in trees:
        with contextlib.suppress(psutil.Error):
            process.kill()
    over = time.monotonic() + _ENDING_S
    while any(map(_runs, trees)) and time.monotonic() < over:
        time.sleep(_LOOK_S)


def _runs(process: psutil.Process) -> bool:
    """Whether a process works. A zombie, whose parent has not asked for its end, does not."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _alive(recorded: Recorded) -> psutil.Process | None:
    """A recorded process that may be ended: neither this one nor one above it."""
    process = _find(recorded)
    spared = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    return process if process is not None and process.pid not in spared else None


def _find(recorded: Recorded) -> psutil.Process | None:
    """The process itself, and not another that was given its number."""
    if recorded.get("host") != host():
        return None
    try:
        process = psutil.Process(int(recorded["pid"]))
        same = abs(process.create_time() - float(recorded["began"])) < _SAME_S
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except (psutil.Error, KeyError, ValueError):
        return None
