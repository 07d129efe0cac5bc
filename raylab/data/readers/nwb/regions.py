"""Rows of another table, such as the ROIs of a series and the electrodes of units."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from raylab.data.readers.formats.hdf5_tree import dataset, referred
from raylab.data.readers.formats.hdf5_values import read_dataset
from raylab.data.readers.nwb.columns import Columns, chosen_texts, unreadable
from raylab.data.readers.nwb.ragged import INDEX, ends_of, is_ragged
from raylab.errors import DataError

if TYPE_CHECKING:
    import h5py


def regions(group: h5py.Group, name: str) -> Columns:
    """The same of a dataset of rows of a table: the dataset, and the table's columns at its rows.

    Rows that are ragged, such as the electrodes of each unit, give one value per row of their own
    table: the mean of numbers with a point, the texts that differ joined by commas. Whole numbers
    have to be the same.
    """
    import h5py

    yield name, partial(read_dataset, group[name])
    target = referred(group[name], "table")
    for column in target if isinstance(target, h5py.Group) else ():
        item = dataset(target, column)
        if item is None or item.ndim != 1 or unreadable(item) is not None:
            continue
        if not (is_ragged(target, column) or column.endswith(INDEX)):
            yield f"{name}/{column}", partial(_at_rows, group, name, target, column)


def _at_rows(group: h5py.Group, name: str, target: h5py.Group, column: str) -> np.ndarray:
    """A column of another table at the rows that a dataset names."""
    rows = read_dataset(group[name]).astype(np.int64).reshape(-1)
    source = chosen_texts(target, column) if "elements" in target[column].attrs else None
    values = read_dataset(target[column]) if source is None else source
    if rows.size and not (rows.min() >= 0 and rows.max() < len(values)):
        raise DataError(
            f"'{group[name].name}' names row {rows.max()}, '{target.name}' has {len(values)}",
            "The file is damaged: compare it with its source.",
        )
    if not is_ragged(group, name):
        return values[rows]
    ends = ends_of(group, name).tolist()
    parts = [values[rows[start:end]] for start, end in zip([0, *ends], ends)]
    return _value_each(parts, f"{group.name}/{name}/{column}".strip("/"))


def _value_each(parts: list[np.ndarray], name: str) -> np.ndarray:
    """One value for the values of each row."""
    kind = parts[0].dtype.kind if parts else "f"
    if kind == "U":
        return np.array([", ".join(dict.fromkeys(part.tolist())) for part in parts], dtype=str)
    if kind == "f":
        return np.array([part.mean() if part.size else np.nan for part in parts], np.float64)
    if any(part.size == 0 or (part != part[0]).any() for part in parts):
        raise DataError(
            f"'{name}' is not one whole number for each row", "Choose another column of the table."
        )
    return np.array([part[0] for part in parts])
