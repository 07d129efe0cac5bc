"""MATLAB files: version 5 to 7.2 through scipy, version 7.3 (HDF5) through h5py."""

from __future__ import annotations

import math
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from raylab.data.readers.cells import Cell, Reader, cell_of, readers_of_cells
from raylab.data.readers.formats.mat73 import Mat73Store
from raylab.data.readers.formats.mat_objects import why_object
from raylab.data.readers.isolation.limits import Bounded, allow
from raylab.data.readers.store import MOST_LEVELS, MOST_OBJECTS, Store

COMPRESSED, CHUNK = 15, 2**20  # MATLAB's number of the type of a compressed element


def open_mat(path: Path) -> Store:
    """Variables by name, fields of structures as `structure/field`, cells as in `cells.py`."""
    import h5py

    if h5py.is_hdf5(path):
        return Mat73Store(path)
    from scipy.io import loadmat

    _check_expanded(path)
    return Mat5Store(loadmat(path))


class Mat5Store:
    """The variables of a file of version 5.

    Sparse matrices, in which spikes are often kept, become dense when they are read.
    """

    def __init__(self, variables: dict[str, Any]) -> None:
        self._readers: dict[str, Reader] = {}
        self._left_out: dict[str, str] = {}
        self._visited = 0
        for name, value in variables.items():
            if not name.startswith("__"):
                self._add(name, value)

    def names(self) -> list[str]:
        return list(self._readers)

    def left_out(self) -> dict[str, str]:
        return self._left_out

    def read(self, name: str) -> np.ndarray:
        return self._readers[name]()

    def close(self) -> None:
        self._readers = {}

    def _add(self, name: str, value: Any) -> None:
        from scipy.io.matlab import MatlabFunction, MatlabOpaque

        self._visited += 1
        if self._visited > MOST_OBJECTS or name.count("/") > MOST_LEVELS:
            raise ValueError("nested structures without end")
        if isinstance(value, MatlabOpaque):
            for variable, kind in _objects(name, value):
                self._left_out[variable] = why_object(kind) or "an object of MATLAB"
        elif isinstance(value, MatlabFunction):
            self._left_out[name] = str(why_object("function_handle"))
        elif not isinstance(value, np.ndarray):
            self._readers[name] = lambda: _dense(name, value)
        elif value.dtype.names is not None:
            self._add_structures(name, value)
        elif value.dtype.hasobject:
            self._add_cells(name, value)
        elif value.dtype.kind == "c":
            self._left_out[name] = "an array of complex numbers; store its real part, or abs(x)"
        else:
            self._readers[name] = lambda: value

    def _add_structures(self, name: str, value: np.ndarray) -> None:
        """The fields of a structure; each field of an array of structures is like a cell array."""
        for field in value.dtype.names or ():
            whole = f"{name}/{field}"
            if value.size == 1:
                self._add(whole, value.flat[0][field])
            else:
                self._add_cells(whole, value[field])

    def _add_cells(self, name: str, value: np.ndarray) -> None:
        elements = [_plain(element) for element in value.ravel(order="F")]
        cells = [cell_of(element) for element in elements if isinstance(element, np.ndarray)]
        plain: list[Cell] = [cell for cell in cells if cell is not None]
        if len(plain) == value.size:
            self._readers |= readers_of_cells(name, plain, value.shape)
            return
        for number, element in enumerate(elements):
            self._add(f"{name}/{number}", element)


def _plain(element: Any) -> Any:
    return np.asarray(element) if isinstance(element, (int, float, str)) else element


def _objects(name: str, value: Any) -> list[tuple[str, str]]:
    """The name and the class of the objects that scipy hands over as one opaque value."""
    rows = np.atleast_1d(np.asarray(value))
    fields = rows.dtype.names or ()
    if "s0" not in fields or "s2" not in fields:
        return [(name, "object")]
    texts = [
        (_text(row["s0"]) if name == "None" else name, _text(row["s2"])) for row in rows.ravel()
    ]
    return texts or [(name, "object")]


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _dense(name: str, matrix: Any) -> np.ndarray:
    allow(float(math.prod(matrix.shape)) * matrix.dtype.itemsize, f"'{name}'")
    return np.asarray(matrix.toarray())


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
