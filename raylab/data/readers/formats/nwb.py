"""NWB 2 files through pynwb: time series and the columns of tables."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from raylab.data.readers.formats.hdf5 import check_whole, read_dataset
from raylab.data.readers.isolation.limits import allow
from raylab.data.readers.text import TextColumn

if TYPE_CHECKING:
    from h5py import Dataset
    from pynwb import NWBHDF5IO, NWBFile, TimeSeries
    from pynwb.core import DynamicTable, VectorData


class NwbStore:
    """Arrays by the path they have in the file.

    A TimeSeries gives `<path>/data`, conversion applied, and `<path>/timestamps` in seconds, also
    where the file states a rate instead. A table gives `<path>/<column>`; spike times of units are
    `units/spike_times` with the row of every spike in `units/spike_unit`. `identifier` and
    `session_id` are those of the file, `subject_id` of its subject.
    """

    def __init__(self, path: Path) -> None:
        self._readers: dict[str, Callable[[], np.ndarray]] = {}
        check_whole(path)  # pynwb follows links to other files
        with (
            warnings.catch_warnings()
        ):  # of cached schemas older than pynwb's; the files open all the same
            warnings.simplefilter("ignore")
            self._io, file = _open(path)
            self._texts(file)
            for item in file.objects.values():
                self._add(item)

    def _texts(self, file: NWBFile) -> None:
        subject = file.subject.subject_id if file.subject is not None else None
        for name, text in [
            ("identifier", file.identifier),
            ("session_id", file.session_id),
            ("subject_id", subject),
        ]:
            if text:
                self._readers[name] = partial(np.array, str(text))

    def _add(self, item: object) -> None:
        from pynwb import TimeSeries
        from pynwb.core import DynamicTable

        if isinstance(item, TimeSeries) and hasattr(item.data, "name"):
            place = item.data.name.strip("/").removesuffix("/data")
            self._readers[f"{place}/data"] = partial(_values, item)
            self._readers[f"{place}/timestamps"] = partial(_timestamps, item)
        elif isinstance(item, DynamicTable):
            self._table(item)

    def _table(self, table: DynamicTable) -> None:
        for column in table.columns:
            if not hasattr(column.data, "name") or column.name.endswith("_index"):
                continue
            place = column.data.name.strip("/")
            self._readers[place] = partial(_column, column)
        if table.name == "units" and "spike_times" in table.colnames:
            ends = table["spike_times"].data  # the index column: where the spikes of a row end
            self._readers["units/spike_unit"] = partial(_rows_of_spikes, ends)

    def names(self) -> list[str]:
        return list(self._readers)

    def read(self, name: str) -> np.ndarray:
        return self._readers[name]()

    def close(self) -> None:
        self._io.close()


def _open(path: Path) -> tuple[NWBHDF5IO, NWBFile]:
    """Open a file with its cached schema, or with pynwb's own where that no longer loads."""
    from pynwb import NWBHDF5IO

    try:
        return _read(NWBHDF5IO(str(path), "r", load_namespaces=True))
    except Exception:
        return _read(NWBHDF5IO(str(path), "r", load_namespaces=False))


def _read(io: NWBHDF5IO) -> tuple[NWBHDF5IO, NWBFile]:
    try:
        return io, io.read()
    except Exception:
        io.close()
        raise


def _values(series: TimeSeries) -> np.ndarray:
    raw = _read_all(series.data)
    if series.conversion in (None, 1.0) and not series.offset:
        return raw
    return raw * series.conversion + series.offset


def _timestamps(series: TimeSeries) -> np.ndarray:
    if series.timestamps is not None:
        return np.asarray(_read_all(series.timestamps), np.float64)
    allow(8 * len(series.data), f"'{series.name}/timestamps'")
    return (series.starting_time or 0.0) + np.arange(len(series.data)) / series.rate


def _read_all(data: Dataset) -> np.ndarray:
    """A dataset as pynwb hands it over, which may be wrapped, or an array already."""
    import h5py

    data = getattr(data, "dataset", data)
    return read_dataset(data) if isinstance(data, h5py.Dataset) else np.asarray(data[()])


def _rows_of_spikes(ends: Dataset) -> np.ndarray:
    last = np.asarray(_read_all(ends), np.int64)
    counts = last - np.concatenate([[0], last[:-1]])
    if (counts < 0).any():
        raise ValueError("units/spike_times_index decreases")
    allow(8 * float(counts.sum(dtype=np.float64)), "'units/spike_unit'")
    return np.repeat(np.arange(len(counts)), counts)


def _column(column: VectorData) -> np.ndarray:
    values = _read_all(column.data)
    if values.dtype.kind != "O":
        return values
    text = TextColumn(f"'{column.name}'")
    text.add(values.ravel())
    return text.array()
