"""Large views on local disk, by content: processes of one node compute a view once and map one copy
of it.

RAYLAB_CACHE names the folder (default: one of this user below the temporary folder),
RAYLAB_CACHE_GB its size (20; 0 turns it off). What was used least recently goes first. Without a
usable folder, everything works in private memory.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from raylab.errors import ConfigError, DataError
from raylab.files import map_tensors, write_tensors

WAIT_S = 600  # for another process that computes the same; then compute it here
CHECKSUM = "checksum"
Arrays = dict[str, np.ndarray]


def shared(key: str, make: Callable[[], Arrays]) -> Arrays:
    """The arrays that `make` returns, mapped from the cache where they fit into it.

    Mapped arrays are copy-on-write: a process that wrote into one would change its own pages only.

    Args:
        key: Hash of everything that the arrays depend on.
    """
    folder = _folder()
    if folder is None:
        return make()
    path = folder / f"{key}.safetensors"
    arrays = _read(path)
    if arrays is not None:
        return arrays
    made: Arrays | None = None
    # Disk full, read-only, or a folder that vanished: a cache must not be what a trial fails of.
    with contextlib.suppress(OSError, Timeout), FileLock(path.with_suffix(".lock"), timeout=WAIT_S):
        arrays = _read(path)  # computed while we waited
        if arrays is None:
            made = make()
            if _make_room(folder, sum(array.nbytes for array in made.values())):
                write_tensors(path, {**made, CHECKSUM: _checksum(made)})
                arrays = _read(path)
    if arrays is not None:
        return arrays
    return make() if made is None else made


def _read(path: Path) -> Arrays | None:
    """None where there is no such file, or it is damaged."""
    try:
        arrays = map_tensors(path, copy_on_write=True)
        expected = arrays.pop(CHECKSUM)
        if not np.array_equal(expected, _checksum(arrays)):
            return None
        os.utime(path)
    except (DataError, KeyError, TypeError, OSError):
        return None
    return arrays


def _checksum(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    value = 0
    for name in sorted(arrays):
        value = zlib.crc32(
            np.ascontiguousarray(arrays[name]).data, zlib.crc32(name.encode(), value)
        )
    return np.array([value], np.int64)


def _make_room(folder: Path, size: int) -> bool:
    """Remove what was used least recently until `size` more bytes fit; whether they do."""
    entries = []
    for path in folder.iterdir():  # also what processes that were killed left half-written
        with contextlib.suppress(FileNotFoundError):
            if path.suffix != ".lock":
                entries.append((path.stat().st_mtime, path.stat().st_size, path))
    used = sum(size for _, size, _ in entries)
    limit = min(
        _limit(), (shutil.disk_usage(folder).free + used) // 2
    )  # never more than half of what is free
    if size > limit:
        return False
    for _, held, path in sorted(entries):
        if used + size <= limit:
            break
        path.unlink(missing_ok=True)  # whoever has it mapped keeps it
        path.with_suffix(".lock").unlink(missing_ok=True)
        used -= held
    return True


def _limit() -> int:
    text = os.environ.get("RAYLAB_CACHE_GB", "20")
    try:
        limit = float(text)
    except ValueError:
        limit = -1
    if not 0 <= limit < float("inf"):
        raise ConfigError(
            f"RAYLAB_CACHE_GB '{text}' is not a number of gigabytes",
            "For example 20; 0 for no cache.",
        )
    return int(limit * 1e9)


def _folder() -> Path | None:
    if _limit() == 0:
        return None
    named = os.environ.get("RAYLAB_CACHE")
    user = os.getuid() if hasattr(os, "getuid") else 0
    folder = Path(named) if named else Path(tempfile.gettempdir()) / f"raylab-cache-{user}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
    except OSError:
        return None
    # A name that anyone can guess in a folder where anyone can write: another user may have been
    # there first.
    foreign = (
        not named and hasattr(os, "getuid") and (status.st_uid != user or status.st_mode & 0o022)
    )
    return None if foreign or not os.access(folder, os.W_OK) else folder
