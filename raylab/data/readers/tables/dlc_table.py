"""Tables that pandas wrote into HDF5 files, as DeepLabCut does.

pandas and PyTables execute the pickles in such a file. Here it is read with h5py, and the names of
its columns come out of their pickle by the allow-list of `joblib.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from raylab.data.readers.formats.hdf5_tree import attribute_text, member
from raylab.data.readers.formats.hdf5_values import (
    allow_filters,
    read_dataset,
    refuse_foreign,
)
from raylab.data.readers.formats.joblib import plain_object
from raylab.data.readers.isolation.limits import allow
from raylab.errors import DataError

if TYPE_CHECKING:
    import h5py

Table = tuple[list[tuple[str, ...]], np.ndarray, np.ndarray]
MOST_BLOCKS = 100


def read_dlc_table(path: Path) -> Table:
    """The names of the columns without their scorer, the values (T, D), and the number of each row.

    Raises:
        DataError: The file holds no such table, several ones, or objects.
    """
    import h5py

    with h5py.File(path, "r") as file:
        groups = [member(file, key) for key in file if isinstance(key, str)]
        tables = [
            group
            for group in groups
            if isinstance(group, h5py.Group) and attribute_text(group, "pandas_type")
        ]
        if len(tables) != 1:
            raise DataError(
                f"{path}: holds {len(tables)} tables of pandas, a file of DeepLabCut one",
                "Check the recipe's `format`.",
            )
        kind = attribute_text(tables[0], "pandas_type")
        names, values, rows = (
            _appendable(path, tables[0]) if kind == "frame_table" else (_fixed(path, tables[0]))
        )
    if values.dtype.kind not in "biuf" or values.ndim != 2 or len(names) != values.shape[1]:
        raise DataError(f"{path}: its table does not hold numbers", "Check the file.")
    if len({name[0] for name in names}) > 1:
        raise DataError(f"{path}: holds points of several scorers", "Keep those of one of them.")
    return [name[1:] for name in names], values.astype(np.float64), rows


def _appendable(path: Path, group: h5py.Group) -> Table:
    """`to_hdf(..., format="table")`: the values are fields of one dataset."""
    table: Any = member(group, "table")
    if table is None or not getattr(table, "dtype", np.dtype("f8")).names:
        raise ValueError("a table without rows")
    refuse_foreign(table)
    allow_filters(table)
    allow(table.size * table.dtype.itemsize, str(path))
    names: list[tuple[str, ...]] = []
    values = []
    whole = table[()]
    for field in table.dtype.names:
        if field.startswith("values_block_"):
            names += _names(path, table.attrs.get(f"{field}_kind"))
            values.append(np.asarray(whole[field]).reshape(len(whole), -1))
    order = _order(names, _axis(path, group.attrs.get("non_index_axes")))
    return [names[k] for k in order], np.concatenate(values, axis=1)[:, order], whole["index"]


def _fixed(path: Path, group: h5py.Group) -> Table:
    """`to_hdf(..., format="fixed")`: a dataset for each block of columns of one type."""
    names: list[tuple[str, ...]] = []
    values = []
    for block in range(min(int(group.attrs["nblocks"]), MOST_BLOCKS)):
        data: Any = member(group, f"block{block}_values")
        if data is None or data.dtype.kind not in "biuf":
            raise DataError(f"{path}: holds Python objects, which are refused", "Use the CSV file.")
        values.append(read_dataset(data))
        names += _levels(group, f"block{block}_items")
    rows: Any = member(group, "axis1")
    order = _order(names, _levels(group, "axis0"))
    index = read_dataset(rows) if rows is not None else np.zeros(0)
    return [names[k] for k in order], np.concatenate(values, axis=1)[:, order], index


def _levels(group: h5py.Group, axis: str) -> list[tuple[str, ...]]:
    """The names of an axis, which pandas stores as levels and the place in each of them."""
    columns = []
    for level in range(int(group.attrs[f"{axis}_nlevels"])):
        texts: Any = member(group, f"{axis}_level{level}")
        places: Any = member(group, f"{axis}_label{level}")
        if texts is None or places is None or texts.dtype.kind != "S":
            raise ValueError("columns without names")
        words = [word.decode("utf-8", "replace") for word in texts[()]]
        columns.append([words[place] for place in read_dataset(places)])
    return list(zip(*columns))


def _names(path: Path, pickled: object) -> list[tuple[str, ...]]:
    """The names of columns from the attribute in which pandas pickles them."""
    names = plain_object(path, bytes(pickled)) if isinstance(pickled, bytes) else None
    if not isinstance(names, list) or not all(isinstance(name, tuple) for name in names):
        raise ValueError("columns without names")
    return [tuple(str(part) for part in name) for name in names]


def _axis(path: Path, pickled: object) -> list[tuple[str, ...]]:
    """All columns in the order of the table."""
    axes = plain_object(path, bytes(pickled)) if isinstance(pickled, bytes) else None
    if not isinstance(axes, list) or len(axes) != 1 or not isinstance(axes[0], tuple):
        raise ValueError("a table without an axis of columns")
    return [tuple(str(part) for part in name) for name in axes[0][1]]


def _order(names: list[tuple[str, ...]], wanted: list[tuple[str, ...]]) -> list[int]:
    places = {name: number for number, name in enumerate(names)}
    return [places[name] for name in wanted if name in places]
