"""Ragged columns of NWB tables: an index says where the values of each row end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from raylab.data.readers.formats.hdf5_tree import dataset
from raylab.data.readers.formats.hdf5_values import read_dataset
from raylab.data.readers.isolation.limits import allow
from raylab.data.readers.text import TextColumn
from raylab.errors import DataError

if TYPE_CHECKING:
    import h5py

INDEX = "_index"


def is_ragged(table: h5py.Group, name: str) -> bool:
    """Whether a column has an index."""
    return dataset(table, f"{name}{INDEX}") is not None


def ends_of(table: h5py.Group, name: str) -> np.ndarray:
    """Where the values of each row of a ragged column end; of columns of columns, the outer rows.

    Raises:
        DataError: The index does not fit the values.
    """
    lengths = len(table[name])
    index, ends = f"{name}{INDEX}", np.arange(1, lengths + 1)
    while (stored := dataset(table, index)) is not None:
        last = np.asarray(read_dataset(stored)).astype(np.int64).reshape(-1)
        steps = np.diff(last, prepend=0)
        if (steps < 0).any() or (last[-1] if len(last) else 0) != len(ends):
            raise DataError(
                f"'{table.name}/{index}' does not fit the {len(ends)} values that it divides",
                "The file is damaged: compare it with its source.",
            )
        ends = np.concatenate([[0], ends])[last]
        index += INDEX
    return ends


def rows_of(table: h5py.Group, name: str) -> np.ndarray:
    """The row of every value of a ragged column."""
    ends = ends_of(table, name)
    counts = np.diff(ends, prepend=0)
    allow(8.0 * float(ends[-1] if len(ends) else 0), f"the rows of '{table.name}/{name}'")
    return np.repeat(np.arange(len(counts)), counts)


def all_rows(table: h5py.Group, name: str) -> np.ndarray:
    """Every row, also those that have no value in a ragged column."""
    return np.arange(len(ends_of(table, name)))


def joined_texts(table: h5py.Group, name: str) -> np.ndarray:
    """The texts of every row of a ragged column, joined by commas."""
    texts, ends = read_dataset(table[name]).tolist(), ends_of(table, name).tolist()
    joined = TextColumn(f"'{table.name}/{name}'")
    joined.add(", ".join(texts[start:end]) for start, end in zip([0, *ends], ends))
    return joined.array()
