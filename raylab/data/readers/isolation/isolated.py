"""Reading a file in a process of its own.

Libraries written in C crash on some broken files, or never come back from them. So each process
that reads starts server processes, which import the libraries. Each file is read in a fork of a
server, which has a memory limit. The fork hands back plain files (JSON and npy, no pickle).
`child.py` is the other side.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import raylab.errors
from raylab.data.readers.isolation.limits import largest_array
from raylab.data.readers.isolation.parcel import (
    ERROR,
    FACTS,
    Job,
    SentJob,
    SourceTask,
    unpacked,
)
from raylab.data.readers.isolation.servers import servers
from raylab.data.readers.read import read_source, reader_of
from raylab.data.readers.registry import READERS, WITHOUT_RECIPE
from raylab.data.readers.source import Source
from raylab.data.recipe import Recipe
from raylab.data.session import Session
from raylab.errors import DataError, RaylabError

FIRST_S, BYTES_PER_S = 60.0, 1e6  # time for a file: a hundred times what a sound one takes
PROBE_S = 30.0  # for the header of a file, on storage that may have to wake up


def read_isolated(
    source: Source,
    recipe: Recipe | None = None,
    *,
    timeout_s: float | None = None,
    scratch: Path | None = None,
) -> Session:
    """As `read_source`, but a crash, a hang or a lack of memory of the reader is only an error.

    Args:
        timeout_s: By default a minute, and a second for each megabyte of the files.
        scratch: A folder through which the session is handed over; it needs as much room as the
            session. By default the folder of temporary files.

    Returns:
        The session, its arrays mapped into memory; a page that is written to becomes the process's
        own.

    Raises:
        DataError: As `read_source`, and where the reader crashed or took too long.
    """
    if not reader_of(recipe).isolated:
        return read_source(source, recipe)
    job = Job(do="read", source=source.dump(), recipe=_dumped(recipe))
    timeout_s = timeout_s if timeout_s is not None else _time_for(source.paths)
    with _done(job, str(source), timeout_s, scratch) as folder:
        return unpacked(folder).check(str(source))


def is_torch_brain_isolated(path: Path) -> bool:
    """`is_torch_brain`, which opens the file: HDF5 hangs on some broken ones already there.

    Raises:
        DataError: The process died, or took too long.
    """
    job = Job(do="probe", source=Source(path).dump(), recipe=None)
    with _done(job, str(path), PROBE_S, None) as folder:
        return bool(json.loads((folder / FACTS).read_text())["torch_brain"])


def look_isolated(path: Path) -> dict[str, Any]:
    """`look`, in a process of its own: a crash or a hang of a parser is only an error.

    Raises:
        DataError: The file is damaged, or the process died or took too long.
    """
    job = Job(do="look", source=Source(path).dump(), recipe=None)
    with _done(job, str(path), _time_for((path,)), None) as folder:
        contents: dict[str, Any] = json.loads((folder / FACTS).read_text())
        return contents


def prepare_isolated(task: SourceTask) -> dict[str, Any]:
    """What `prepare` makes of a source, made in a process of its own.

    The process also checks, stores and splits the session, so that no array travels between
    processes. A reader that starts a process itself has no limits here, because that process
    would have them too.

    Returns:
        The outcome as JSON, see `raylab.data.preparation.tasks`.

    Raises:
        DataError: The process died, or took too long.
    """
    source = Source.of(task["source"])
    reader = READERS.of(task["recipe"]["format"] if task["recipe"] else WITHOUT_RECIPE)
    timeout_s = _time_for(source.paths) if reader.isolated else None
    with _done(Job(do="prepare", **task), str(source), timeout_s, None) as folder:
        outcome: dict[str, Any] = json.loads((folder / FACTS).read_text())
        return outcome


def _dumped(recipe: Recipe | None) -> dict[str, Any] | None:
    if recipe is None:
        return None
    return recipe.model_dump(mode="json", by_alias=True, exclude_unset=True)


@contextlib.contextmanager
def _done(job: Job, named: str, timeout_s: float | None, scratch: Path | None) -> Iterator[Path]:
    """The folder with what a reader process wrote for `job`; without a time, it has no limits."""
    largest_array()  # a setting that is no number is an error here, and not a death there
    # Network file systems keep a mapped file, and so its folder, until it is unmapped.
    with tempfile.TemporaryDirectory(
        prefix=".raylab-", dir=scratch, ignore_cleanup_errors=True
    ) as folder:
        sent = SentJob(
            **job,
            folder=folder,
            working_folder=_working_folder(),
            environment=dict(os.environ),
            cpu_s=None if timeout_s is None else int(4 * timeout_s) + 1,
        )
        with servers().borrowed() as server:
            code = server.run(sent, timeout_s)
        _explain(code, named, timeout_s)
        _raise_error(Path(folder))
        yield Path(folder)


def _working_folder() -> str:
    """Where relative paths begin; the root where the working folder is gone."""
    try:
        return os.getcwd()
    except FileNotFoundError:
        return os.sep


def _time_for(paths: tuple[Path, ...]) -> float:
    return FIRST_S + sum(path.stat().st_size for path in paths if path.is_file()) / BYTES_PER_S


def _explain(code: int | None, source: str, timeout_s: float | None) -> None:
    """DataError for how a reader ended: its exit code, minus the signal that ended it; None where
    time was over.
    """
    if code == 0:
        return
    remedy = "The file is truncated, damaged or made to do this: compare it with its source."
    if code is None:
        what = (
            f"{source}: not read within {timeout_s:.0f} s, where a sound file of its size takes "
            "far less"
        )
    elif code == -signal.SIGKILL:
        what = f"{source}: the system stopped its reader, which it does where memory runs out"
        remedy = "Read fewer files at a time (`prepare --memory`), or compare it with its source."
    else:
        name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        what = f"{source}: the library that reads it crashed ({name})"
    raise DataError(what, remedy)


def _raise_error(folder: Path) -> None:
    if not (folder / ERROR).is_file():
        return
    record = json.loads((folder / ERROR).read_text())
    if record["kind"] in ("DataError", "ConfigError"):
        kind: type[RaylabError] = getattr(raylab.errors, record["kind"])
        known = kind(record["what"], record["remedy"])
        known.cause = record["cause"]
        raise known
    error = RuntimeError(record["what"])  # a bug of raylab, which callers treat as any other
    error.add_note(record["remedy"])
    raise error
