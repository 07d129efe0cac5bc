"""NumPy archives. Arrays of objects are pickles, and are refused."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from raylab.data.readers.isolation.limits import allow


class NpzStore:
    """Arrays by name, decompressed when read."""

    def __init__(self, path: Path) -> None:
        archive = np.load(path, allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise ValueError("a single .npy array, not an archive")
        self._archive = archive

    def names(self) -> list[str]:
        return list(self._archive.files)

    def read(self, name: str) -> np.ndarray:
        self._allow(name)
        return np.asarray(self._archive[name])

    def _allow(self, name: str) -> None:
        """Refuse by what the archive and the array's own header state; neither is read beyond what
        it states.
        """
        archive = self._archive.zip
        assert archive is not None  # until it is closed
        member = name if name in archive.namelist() else f"{name}.npy"
        allow(archive.getinfo(member).file_size, f"'{name}'")
        with archive.open(member) as file:
            if file.read(6) != np.lib.format.MAGIC_PREFIX:
                return
        with archive.open(member) as file:
            allow_header(file, f"'{name}'")

    def close(self) -> None:
        self._archive.close()


def allow_header(file: Any, what: str) -> None:
    """Refuse an npy stream by the size that its header states."""
    version = np.lib.format.read_magic(file)
    read = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    shape, _, dtype = read(file)
    allow(math.prod(shape) * max(dtype.itemsize, 1), what)
