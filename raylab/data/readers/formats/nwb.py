"""NWB 2 files: time series and the columns of tables.

They are read with h5py. pynwb refuses a whole file where a single object in it belongs to an
extension whose specification the file does not carry; by the structure that all types share (a
series has `data` and a clock, a table has `colnames`) such objects are read like all others.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from raylab.data.readers.formats.hdf5_items import readers_of_dataset
from raylab.data.readers.formats.hdf5_tree import (
    attribute_names,
    attribute_text,
    dataset,
    read_attribute,
    walk,
)
from raylab.data.readers.formats.hdf5_values import read_dataset
from raylab.data.readers.nwb import series, tables
from raylab.data.readers.nwb.columns import Columns, unreadable
from raylab.data.readers.nwb.intervals import interval_series
from raylab.data.readers.nwb.ragged import INDEX
from raylab.data.readers.nwb.regions import regions
from raylab.errors import DataError

if TYPE_CHECKING:
    import h5py

SPECIFICATIONS = frozenset({"specifications"})  # the schemas of the file's types, as text
DESCRIPTIONS = frozenset({"general"})  # devices and the like, to which many objects link
# Names of earlier versions of raylab, for texts whose path is longer.
SHORT = {"session_id": "general/session_id", "subject_id": "general/subject/subject_id"}


class NwbStore:
    """Arrays by the path that they have in the file.

    A time series gives `<path>/data` in its unit, that is with the conversions applied, and
    `<path>/timestamps` in seconds, also where the file states a rate instead. A table gives
    `<path>/<column>`; see `tables.columns`. The spike times of units are `units/spike_times`, the
    row of every spike `units/spike_unit`, and all rows `units/unit_ids`. Attributes are
    `<path>@<attribute>`. `session_id` and `subject_id` are those of the file.
    """

    def __init__(self, path: Path) -> None:
        import h5py

        self._readers: dict[str, Callable[[], np.ndarray]] = {}
        self._left_out: dict[str, str] = {}
        self._notes = dict[str, None]()  # in the order of reading, each once
        self._file = h5py.File(path, "r")
        try:
            check_version(path, self._file)
            self._list()
        except BaseException:
            self._file.close()
            raise

    def names(self) -> list[str]:
        return list(self._readers)

    def left_out(self) -> dict[str, str]:
        """What is in the file and cannot be read, with the reason."""
        return self._left_out

    @property
    def notes(self) -> tuple[str, ...]:
        """What is doubtful about the arrays that were read, one sentence each."""
        return tuple(self._notes)

    def read(self, name: str) -> np.ndarray:
        if name.endswith("/spike_times"):
            table = dataset(self._file, name)
            note = None if table is None else tables.partly_observed(table.parent)
            self._notes |= {} if note is None else {note: None}
        return self._readers[name]()

    def close(self) -> None:
        self._file.close()

    def _list(self) -> None:
        attributes: dict[str, Callable[[], np.ndarray]] = {}
        owned = set[str]()  # datasets of series and tables, which were listed with their group
        objects = walk(self._file, self._left_out, unlisted=SPECIFICATIONS, unlinked=DESCRIPTIONS)
        for path, item in objects:
            attributes |= {
                name: partial(read_attribute, item, key)
                for name, key in attribute_names(path, item)
            }
            if hasattr(item, "shape"):
                if path not in owned:
                    readers, left_out = readers_of_dataset(path, item)
                    self._readers |= readers
                    self._left_out |= left_out
                continue
            for name, column in _parts(item):
                self._add(path, name, column)
                owned.add(f"{path}/{name}")
            if tables.is_table(item):
                owned |= {f"{path}/{name}" for name in item if name.endswith(INDEX)}
        for name in self._left_out:
            self._readers.pop(name, None)
        for name, path in SHORT.items():
            if path in self._readers:
                self._readers[name] = self._readers[path]
        self._readers |= attributes

    def _add(self, path: str, name: str, column: Callable[[], np.ndarray] | str) -> None:
        whole = f"{path}/{name}" if path else name
        if isinstance(column, str):
            self._left_out[whole] = column
        else:
            self._readers[whole] = column


def _parts(group: h5py.Group) -> Columns:
    """The arrays of a series or of a table; none of another group."""
    if tables.is_table(group):
        yield from tables.columns(group)
        if (
            attribute_text(group, "neurodata_type") == "Units"
            and dataset(group, "spike_times") is None
        ):
            yield "spike_times", "the table of units has no column of spike times"
    elif series.is_series(group):
        yield from _of_series(group)


def _of_series(group: h5py.Group) -> Columns:
    frames = series.external_frames(group)
    if frames is not None:
        yield "data", frames
    elif (data := dataset(group, "data")) is not None:
        yield "data", unreadable(data) or partial(series.values, group)
    if frames is None or dataset(group, "timestamps") is not None:
        yield "timestamps", partial(series.timestamps, group)
    for region in series.REGIONS:
        if dataset(group, region) is not None:
            yield from regions(group, region)
    if attribute_text(group, "neurodata_type") == "IntervalSeries":
        yield from interval_series(group)


def check_version(path: Path, file: h5py.File) -> None:
    """Raise a DataError where a file is of NWB 1, or no NWB file."""
    version = attribute_text(file, "nwb_version")
    if not version and dataset(file, "nwb_version") is not None:
        version = str(read_dataset(file["nwb_version"]))
    number = version.upper().removeprefix("NWB-")
    if not number:
        raise DataError(
            f"{path}: states no `nwb_version`, so it is no NWB file",
            "If it is an HDF5 file of another kind, read it with `format: hdf5`.",
        )
    if number.startswith(("0", "1")):
        raise DataError(
            f"{path}: an NWB 1 file (version {number}), and raylab reads NWB 2",
            "Convert it to NWB 2, or read its arrays with `format: hdf5` and `files: '*.nwb'`.",
        )
