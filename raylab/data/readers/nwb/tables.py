"""Tables of NWB files (trials, epochs, units, electrodes, ROIs): one array per column."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from raylab.data.readers.formats.hdf5_items import readers_of_dataset
from raylab.data.readers.formats.hdf5_tree import dataset
from raylab.data.readers.formats.hdf5_values import read_dataset
from raylab.data.readers.nwb.columns import Column, Columns, chosen_texts, unreadable
from raylab.data.readers.nwb.ragged import (
    INDEX,
    all_rows,
    ends_of,
    is_ragged,
    joined_texts,
    rows_of,
)
from raylab.data.readers.nwb.regions import regions

if TYPE_CHECKING:
    import h5py


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
        yield "spike_unit", partial(rows_of, table, "spike_times")
        yield "unit_ids", partial(all_rows, table, "spike_times")


def partly_observed(table: h5py.Group) -> str | None:
    """A sentence about units that were observed in parts of a recording; None where all are alike.

    NWB states the intervals in which each unit could be recorded. Outside of them a count of zero
    was not measured.
    """
    intervals = dataset(table, "obs_intervals")
    if intervals is None or not is_ragged(table, "obs_intervals"):
        return None
    ends = ends_of(table, "obs_intervals").tolist()
    values = read_dataset(intervals)
    of_units = {values[start:end].tobytes() for start, end in zip([0, *ends], ends)}
    if len(of_units) < 2:
        return None
    name = f"{table.name}/obs_intervals".strip("/")
    return (
        f"The units were observed at different times, which `{name}` states; outside of them "
        "their counts of zero were not measured."
    )


def _column(table: h5py.Group, name: str) -> Columns:
    import h5py

    item = table[name]
    if unreadable(item) is not None:
        place = f"{table.name}/".lstrip("/")
        readers, left_out = readers_of_dataset(f"{place}{name}", item)
        parts: dict[str, Column | str] = {**readers, **left_out}
        yield from ((path.removeprefix(place), part) for path, part in parts.items())
        return
    ragged = is_ragged(table, name)
    if "elements" in item.attrs:
        yield name, partial(chosen_texts, table, name)
    elif "table" in item.attrs:
        yield from regions(table, name)
    elif ragged and h5py.check_string_dtype(item.dtype) is not None:
        yield name, partial(joined_texts, table, name)
        return
    else:
        yield name, partial(read_dataset, item)
    if ragged:
        yield f"{name}/unit", partial(rows_of, table, name)
        yield f"{name}/unit_ids", partial(all_rows, table, name)
