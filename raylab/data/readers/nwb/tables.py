"""Tables of NWB files (trials, epochs, units, electrodes, ROIs): one array per column."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from raylab.data.readers.formats.hdf5_items import readers_of_dataset
from raylab.data.readers.formats.hdf5_tree import dataset, referred
from raylab.data.readers.formats.hdf5_values import read_dataset
from raylab.data.readers.isolation.limits import allow
from raylab.data.readers.text import TextColumn
from raylab.errors import DataError

if TYPE_CHECKING:
    import h5py

INDEX = "_index"
Column = Callable[[], np.ndarray]
Columns = Iterator[tuple[str, Column | str]]


def is_table(group: h5py.Group) -> bool:
    """Whether a group is a DynamicTable, of NWB or of any extension."""
    return "colnames" in group.attrs


def columns(table: h5py.Group) -> Columns:
    """Yield the name of each column, and how it is read or why it is left out.

    A ragged column of numbers gives all its values, joined, `<column>/unit`, the row of every
    value, and `<column>/unit_ids`, all rows. A ragged column of text gives one text per row. A
    column of rows of another table gives `<column>/<column of that table>` as well. A table with
    spike times also has `spike_unit`, the row of every spike, and `unit_ids`, all rows.
    """
    datasets = [name for name in table if dataset(table, name) is not None]
    for name in datasets:
        if name.endswith(INDEX) and name.removesuffix(INDEX) in datasets:
            continue
        yield from _column(table, name)
    if "spike_times" in datasets:
        yield "spike_unit", partial(_rows, table, "spike_times")
        yield "unit_ids", partial(_all_rows, table, "spike_times")


def partly_observed(table: h5py.Group) -> str | None:
    """A sentence about units that were observed in parts of a recording; None where all are alike.

    NWB states the intervals in which each unit could be recorded. Outside of them a count of zero
    was not measured.
    """
    intervals = dataset(table, "obs_intervals")
    if intervals is None or not _ragged(table, "obs_intervals"):
        return None
    ends = _ends(table, "obs_intervals").tolist()
    values = read_dataset(intervals)
    of_units = {values[start:end].tobytes() for start, end in zip([0, *ends], ends)}
    if len(of_units) < 2:
        return None
    name = f"{table.name}/obs_intervals".strip("/")
    return (
        f"The units were observed at different times, which `{name}` states; outside of them "
        "their counts of zero were not measured."
    )


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
        if not (_ragged(target, column) or column.endswith(INDEX)):
            yield f"{name}/{column}", partial(_at_rows, group, name, target, column)


def unreadable(item: h5py.Dataset) -> str | None:
    """Why the values of a dataset are no array of numbers or text; None where they are."""
    import h5py

    kind = item.dtype
    if item.shape is None:
        return "an empty dataset, without a shape"
    if kind.kind in "biuf" or h5py.check_string_dtype(kind) is not None:
        return None
    return f"an array of type {kind}, no numbers and no text"


def _column(table: h5py.Group, name: str) -> Columns:
    item = table[name]
    if unreadable(item) is not None:
        place = f"{table.name}/".lstrip("/")
        readers, left_out = readers_of_dataset(f"{place}{name}", item)
        parts: dict[str, Column | str] = {**readers, **left_out}
        yield from ((path.removeprefix(place), part) for path, part in parts.items())
        return
    ragged = _ragged(table, name)
    if "elements" in item.attrs:
        yield name, partial(_chosen, table, name)
    elif "table" in item.attrs:
        yield from regions(table, name)
    elif ragged and item.dtype.kind == "O":
        yield name, partial(_joined, table, name)
        return
    else:
        yield name, partial(read_dataset, item)
    if ragged:
        yield f"{name}/unit", partial(_rows, table, name)
        yield f"{name}/unit_ids", partial(_all_rows, table, name)


def _ragged(table: h5py.Group, name: str) -> bool:
    return dataset(table, f"{name}{INDEX}") is not None


def _ends(table: h5py.Group, name: str) -> np.ndarray:
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


def _rows(table: h5py.Group, name: str) -> np.ndarray:
    """The row of every value of a ragged column."""
    ends = _ends(table, name)
    counts = np.diff(ends, prepend=0)
    allow(8.0 * float(ends[-1] if len(ends) else 0), f"the rows of '{table.name}/{name}'")
    return np.repeat(np.arange(len(counts)), counts)


def _all_rows(table: h5py.Group, name: str) -> np.ndarray:
    """Every row, also those that have no value in a ragged column."""
    return np.arange(len(_ends(table, name)))


def _chosen(table: h5py.Group, name: str) -> np.ndarray:
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


def _joined(table: h5py.Group, name: str) -> np.ndarray:
    """The texts of every row of a ragged column, joined by commas."""
    texts, ends = read_dataset(table[name]).tolist(), _ends(table, name).tolist()
    joined = TextColumn(f"'{table.name}/{name}'")
    joined.add(", ".join(texts[start:end]) for start, end in zip([0, *ends], ends))
    return joined.array()


def _at_rows(group: h5py.Group, name: str, target: h5py.Group, column: str) -> np.ndarray:
    """A column of another table at the rows that a dataset names."""
    rows = read_dataset(group[name]).astype(np.int64).reshape(-1)
    source = _chosen(target, column) if "elements" in target[column].attrs else None
    values = read_dataset(target[column]) if source is None else source
    if rows.size and not (rows.min() >= 0 and rows.max() < len(values)):
        raise DataError(
            f"'{group[name].name}' names row {rows.max()}, '{target.name}' has {len(values)}",
            "The file is damaged: compare it with its source.",
        )
    if not _ragged(group, name):
        return values[rows]
    ends = _ends(group, name).tolist()
    parts = [values[rows[start:end]] for start, end in zip([0, *ends], ends)]
    return _one_each(parts, f"{group.name}/{name}/{column}".strip("/"))


def _one_each(parts: list[np.ndarray], name: str) -> np.ndarray:
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
