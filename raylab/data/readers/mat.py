"""MATLAB files: version 5 to 7.2 through scipy, version 7.3 (HDF5) through h5py."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from raylab.data.readers.hdf5 import Hdf5Store
from raylab.data.readers.store import MemoryStore, Store


def open_mat(path: Path) -> Store:
    """Variables by name, fields of structures as `structure/field`. Cell arrays are left out."""
    import h5py

    if h5py.is_hdf5(path):
        return Mat73Store(path)
    from scipy.io import loadmat

    variables = {key: value for key, value in loadmat(path).items() if not key.startswith("__")}
    arrays: dict[str, np.ndarray] = {}
    for name, value in variables.items():
        arrays |= _fields(value, name)
    return MemoryStore(arrays)


class Mat73Store(Hdf5Store):
    """MATLAB writes arrays column by column, so HDF5 sees them transposed."""

    def names(self) -> list[str]:
        return [name for name in super().names() if not name.startswith("#")]

    def read(self, name: str) -> np.ndarray:
        array = super().read(name)
        if self._file[name].attrs.get("MATLAB_class", b"") == b"char":
            return np.array(["".join(map(chr, row)) for row in np.atleast_2d(array.T)])
        return np.asarray(array.T)


def _fields(value: np.ndarray, name: str) -> dict[str, np.ndarray]:
    """The numeric and text arrays of a variable; a structure is a 1 x 1 array with named fields."""
    if value.dtype.names is None:
        return {} if value.dtype.hasobject else {name: value}
    if value.size != 1:
        return {}
    found: dict[str, np.ndarray] = {}
    for field in value.dtype.names:
        found |= _fields(np.asarray(value.flat[0][field]), f"{name}/{field}")
    return found
