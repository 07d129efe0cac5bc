"""MATLAB files: version 5 to 7.2 through scipy, version 7.3 (HDF5) through h5py."""

from __future__ import annotations

import math
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from raylab.data.readers.formats.hdf5 import Hdf5Store
from raylab.data.readers.isolation.limits import Bounded, allow
from raylab.data.readers.store import MemoryStore, Store

COMPRESSED, CHUNK = 15, 2**20  # MATLAB's number of the type of a compressed element


def open_mat(path: Path) -> Store:
    """Variables by name, fields of structures as `structure/field`. Cell arrays are left out."""
    import h5py

    if h5py.is_hdf5(path):
        return Mat73Store(path)
    from scipy.io import loadmat

    _check_expanded(path)
    variables = {key: value for key, value in loadmat(path).items() if not key.startswith("__")}
    arrays: dict[str, np.ndarray] = {}
    for name, value in variables.items():
        arrays |= _fields(value, name)
    return Mat5Store(arrays)


class Mat5Store(MemoryStore):
    """Sparse matrices, in which spikes are often kept, become dense when they are read."""

    def read(self, name: str) -> np.ndarray:
        value: Any = super().read(name)
        if isinstance(value, np.ndarray):
            return value
        allow(math.prod(value.shape) * value.dtype.itemsize, f"'{name}'")
        return np.asarray(value.toarray())


class Mat73Store(Hdf5Store):
    """MATLAB writes arrays column by column, so HDF5 sees them transposed."""

    def names(self) -> list[str]:
        return [name for name in super().names() if not name.startswith("#")]

    def read(self, name: str) -> np.ndarray:
        array = super().read(name)
        if self._file[name].attrs.get("MATLAB_class", b"") == b"char":
            return np.array(["".join(map(chr, row)) for row in np.atleast_2d(array.T)])
        return np.asarray(array.T)


def _check_expanded(path: Path) -> None:
    """Raise a DataError where compressed variables expand to more than an array may take.

    Only files of version 5 have such variables.
    """
    with path.open("rb") as file:
        order = ">" if file.read(128)[126:] == b"MI" else "<"
        while len(tag := file.read(8)) == 8:
            kind, size = struct.unpack(f"{order}II", tag)
            if kind != COMPRESSED:
                file.seek(size, 1)
                continue
            stream = Bounded(_Inflated(file.read(size)), str(path))
            while stream.read(CHUNK):
                pass


class _Inflated:
    """The content of a compressed element as a stream."""

    def __init__(self, packed: bytes) -> None:
        self._unpacker, self._left = zlib.decompressobj(), packed

    def read(self, size: int) -> bytes:
        part = self._unpacker.decompress(self._left, size)
        self._left = self._unpacker.unconsumed_tail
        return part

    def close(self) -> None:
        self._left = b""


def _fields(value: np.ndarray, name: str) -> dict[str, np.ndarray]:
    """The numeric and text arrays of a variable; a structure is a 1 x 1 array with named fields."""
    if value.dtype.names is None:
        return {} if value.dtype.hasobject else {name: value}
    if value.size != 1:
        return {}
    fields: dict[str, np.ndarray] = {}
    for field in value.dtype.names:
        fields |= _fields(np.asarray(value.flat[0][field]), f"{name}/{field}")
    return fields
