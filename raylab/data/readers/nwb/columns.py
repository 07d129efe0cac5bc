"""The values of single columns of NWB tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from raylab.data.readers.formats.hdf5_tree import referred
from raylab.data.readers.formats.hdf5_values import read_dataset
from raylab.errors import DataError

if TYPE_CHECKING:
    import h5py

# How the array of a name is read, or why it is left out.
Column = Callable[[], np.ndarray]
Columns = Iterator[tuple[str, Column | str]]


def unreadable(item: h5py.Dataset) -> str | None:
    """Why the values of a dataset are no array of numbers or text; None where they are."""
    import h5py

    kind = item.dtype
    if item.shape is None:
        return "an empty dataset, without a shape"
    if kind.kind in "biuf" or h5py.check_string_dtype(kind) is not None:
        return None
    return f"an array of type {kind}, no numbers and no text"


def chosen_texts(table: h5py.Group, name: str) -> np.ndarray:
    """A column that holds, for each row, the number of one of a few texts."""
    item = table[name]
    texts = referred(item, "elements")
    elements = np.empty(0) if texts is None else read_dataset(texts).reshape(-1)
    chosen = read_dataset(item).astype(np.int64)
    if chosen.size and not (chosen.min() >= 0 and chosen.max() < len(elements)):
        raise DataError(
            f"'{item.name}' chooses among {len(elements)} values and names number {chosen.max()}",
            "The file is damaged: compare it with its source.",
        )
    return elements[chosen]
