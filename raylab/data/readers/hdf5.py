"""HDF5 files of any layout."""

from __future__ import annotations

from pathlib import Path

import numpy as np


class Hdf5Store:
    """Datasets by their path; object references and compound types are left out."""

    def __init__(self, path: Path) -> None:
        import h5py

        self._file = h5py.File(path, "r")
        self._names: list[str] = []
        self._file.visititems(self._visit)

    def _visit(self, name: str, item: object) -> None:
        import h5py

        if isinstance(item, h5py.Dataset) and (item.dtype.kind in "biuf" or h5py.check_string_dtype(item.dtype)):
            self._names.append(name)

    def names(self) -> list[str]:
        return self._names

    def read(self, name: str) -> np.ndarray:
        import h5py

        dataset = self._file[name]
        if h5py.check_string_dtype(dataset.dtype):
            return np.asarray(dataset.asstr()[()], dtype=str)
        return np.asarray(dataset[()])

    def close(self) -> None:
        self._file.close()
