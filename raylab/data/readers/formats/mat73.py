"""MATLAB files of version 7.3, which are HDF5 files with MATLAB's own marks."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from raylab.data.readers.cells import Cell, Reader, readers_of_cells
from raylab.data.readers.formats.hdf5_items import readers_of_dataset, referred_items
from raylab.data.readers.formats.hdf5_tree import attribute_text, member, walk
from raylab.data.readers.formats.hdf5_values import read_dataset
from raylab.data.readers.formats.mat_objects import why_object
from raylab.data.readers.isolation.limits import allow
from raylab.data.readers.store import MOST_LEVELS, MOST_OBJECTS

if TYPE_CHECKING:
    import h5py

SPARSE = "MATLAB_sparse"  # the attribute of a sparse matrix: its number of rows


class Mat73Store:
    """Variables by name, fields of structures as `structure/field`, cell arrays as `cells.py` says.

    MATLAB writes arrays column by column, so HDF5 sees them transposed.
    """

    def __init__(self, path: Path) -> None:
        import h5py

        self._file = h5py.File(path, "r")
        self._readers: dict[str, Reader] = {}
        self._left_out: dict[str, str] = {}
        self._visited = 0
        try:
            self._list()
        except BaseException:
            self._file.close()
            raise

    def names(self) -> list[str]:
        return list(self._readers)

    def left_out(self) -> dict[str, str]:
        return self._left_out

    def read(self, name: str) -> np.ndarray:
        return self._readers[name]()

    def close(self) -> None:
        self._readers = {}
        self._file.close()

    def _list(self) -> None:
        owned: list[str] = []  # sparse matrices and objects, whose parts are no variables
        for path, item in walk(self._file, self._left_out):
            inside = any(path.startswith(f"{name}/") for name in owned[-1:])
            if not path or path.startswith("#") or inside:
                continue
            if self._add(path, item):
                owned.append(path)

    def _add(self, name: str, item: h5py.Dataset | h5py.Group) -> bool:
        """List a variable or a field; whether it is whole, so that its parts are no fields."""
        import h5py

        self._visited += 1
        if self._visited > MOST_OBJECTS or name.count("/") > MOST_LEVELS:
            raise ValueError("nested structures without end")
        reason = why_object(attribute_text(item, "MATLAB_class"))
        if "MATLAB_object_decode" in item.attrs and reason is None:
            reason = why_object("object")
        if reason is not None:
            self._left_out[name] = reason
        elif SPARSE in item.attrs:
            self._readers[name] = partial(_dense, item)
        elif isinstance(item, h5py.Group):
            return False
        elif item.attrs.get("MATLAB_empty", 0):
            self._readers[name] = partial(_empty, item)
        elif h5py.check_ref_dtype(item.dtype) is not None:
            self._add_cells(name, item)
        else:
            readers, left_out = readers_of_dataset(name, item)
            self._left_out |= left_out
            plain = name in readers and len(readers) == 1
            self._readers |= {name: partial(read_array, item)} if plain else readers
        return True

    def _add_cells(self, name: str, dataset: h5py.Dataset) -> None:
        """The cells of a cell array, or one field of all elements of an array of structures."""
        items = referred_items(dataset)
        if isinstance(items, str):
            self._left_out[name] = items
            return
        cells = [_cell(item) for item in items]
        plain = [cell for cell in cells if cell is not None]
        if len(plain) == len(items):
            shape = dataset.shape[::-1] if dataset.ndim == 2 else None
            self._readers |= readers_of_cells(name, plain, shape)
            return
        for number, item in enumerate(items):
            self._add_tree(f"{name}/{number}", item)

    def _add_tree(self, name: str, item: h5py.Dataset | h5py.Group) -> None:
        if not self._add(name, item):
            for key in item:
                if (inner := member(item, key)) is not None:
                    self._add_tree(f"{name}/{key}", inner)


def read_array(item: h5py.Dataset) -> np.ndarray:
    """An array as MATLAB shows it; characters become one text per row."""
    array = read_dataset(item).T
    if attribute_text(item, "MATLAB_class") == "char" and array.dtype.kind in "iu":
        return np.array(["".join(map(chr, row)) for row in np.atleast_2d(array)])
    return np.asarray(array)


def _cell(item: h5py.Dataset | h5py.Group) -> Cell | None:
    if not hasattr(item, "shape"):
        return None
    kind = attribute_text(item, "MATLAB_class")
    if item.attrs.get("MATLAB_empty", 0):
        text = "text" if kind == "char" else "number"
        return Cell((0,), text, 1, lambda: np.zeros(0, "U1" if kind == "char" else float))
    if why_object(kind) or "MATLAB_object_decode" in item.attrs or item.shape is None:
        return None
    if kind == "char":
        single = item.ndim < 2 or item.shape[1] == 1
        return Cell((1,), "text", 1, partial(read_array, item)) if single else None
    if item.dtype.kind not in "biuf":
        return None
    return Cell(item.shape[::-1], "number", item.dtype.itemsize, partial(read_array, item))


def _empty(item: h5py.Dataset) -> np.ndarray:
    """An array without values, whose dataset holds its shape instead."""
    if item.size is None or item.size > 32:
        raise ValueError("an empty array without a shape")
    shape = tuple(int(length) for length in np.ravel(item[()]))
    if math.prod(shape):
        raise ValueError("an empty array with values")
    return np.zeros(shape, "U1" if attribute_text(item, "MATLAB_class") == "char" else float)


def _dense(group: h5py.Group) -> np.ndarray:
    """A sparse matrix, in which spikes are often kept, with its zeros."""
    from scipy.sparse import csc_matrix

    parts: dict[str, Any] = {name: member(group, name) for name in ("data", "ir", "jc")}
    if parts["jc"] is None:
        raise ValueError("a sparse matrix without columns")
    starts = read_dataset(parts["jc"]).reshape(-1)
    shape = int(group.attrs[SPARSE]), len(starts) - 1
    if parts["data"] is None or not starts[-1]:  # MATLAB leaves out what is empty
        values, rows = np.zeros(0), np.zeros(0, np.int64)
    else:
        values = read_dataset(parts["data"]).reshape(-1)
        rows = read_dataset(parts["ir"]).reshape(-1).astype(np.int64)
    allow(float(math.prod(shape)) * values.dtype.itemsize, f"'{group.name}'")
    matrix = csc_matrix((values, rows, starts.astype(np.int64)), shape)
    matrix.check_format(full_check=True)
    return np.asarray(matrix.toarray())
