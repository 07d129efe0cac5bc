"""Interval series of NWB files as columns: where each interval starts, stops, and its state."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from raylab.data.readers.nwb import series
from raylab.data.readers.nwb.columns import Columns
from raylab.errors import DataError

if TYPE_CHECKING:
    import h5py


def interval_series(group: h5py.Group) -> Columns:
    """The columns `start_time`, `stop_time` and `state` of an IntervalSeries.

    Its data are k where an interval of state k starts, and -k where it stops.
    """
    for place, name in enumerate(("start_time", "stop_time", "state")):
        yield name, partial(_column, group, place)


def _column(group: h5py.Group, place: int) -> np.ndarray:
    marks = series.values(group).reshape(-1).astype(np.int64)
    stamps = series.timestamps(group)
    starts, stops, states = list[np.ndarray](), list[np.ndarray](), list[np.ndarray]()
    for state in np.unique(np.abs(marks[marks != 0])):
        of_state = marks[np.abs(marks) == state]
        if len(of_state) % 2 or (of_state[::2] < 0).any() or (of_state[1::2] > 0).any():
            raise DataError(
                f"'{group.name}': starts and stops of state {state} do not alternate",
                "Correct the file, or cut it where an interval is incomplete.",
            )
        starts.append(stamps[marks == state])
        stops.append(stamps[marks == -state])
        states.append(np.full(len(of_state) // 2, state))
    joined = [np.concatenate(parts) if parts else np.empty(0) for parts in (starts, stops, states)]
    return joined[place][np.argsort(joined[0], kind="stable")]
