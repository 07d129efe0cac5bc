"""NumPy archives. Arrays of objects are pickles, and are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np


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
        return np.asarray(self._archive[name])

    def close(self) -> None:
        self._archive.close()
