"""Objects of pynapple as arrays: what `Dataset.from_arrays` needs to know of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from raylab.errors import ConfigError


def is_pynapple(value: object) -> bool:
    """Whether a value is an object of pynapple, without importing pynapple."""
    return type(value).__module__.partition(".")[0] == "pynapple"


def kind_of(value: object) -> str:
    """`Tsd`, `TsdFrame`, `TsdTensor`, `Ts`, `TsGroup` or `IntervalSet`."""
    return type(value).__name__


def sampled_values(series: Any) -> tuple[np.ndarray, np.ndarray]:
    """The stamps (T,) in seconds and the values (T, ...) of a Tsd, a TsdFrame or a TsdTensor."""
    return np.asarray(series.t, np.float64), np.asarray(series.values)


def unit_columns(group: Any, count: int) -> dict[str, np.ndarray]:
    """The ids and the metadata of the columns of a TsdFrame, or of the units of a TsGroup."""
    ids = np.asarray(
        getattr(group, "columns", None) if kind_of(group) == "TsdFrame" else group.index
    )
    columns = {"id": ids} if len(ids) == count else {}
    for name in group.metadata_columns:
        values = np.asarray(group.get_info(name))
        if values.dtype.kind in "biufU" or all(isinstance(value, str) for value in values):
            columns[str(name)] = values if values.dtype.kind != "O" else values.astype(str)
    return columns


def spike_counts(group: Any, bin_s: float | None) -> tuple[np.ndarray, np.ndarray]:
    """The bin centres (T,) in seconds and the counts (T, N) of a TsGroup.

    Spikes are counted inside each epoch of the group's time support, so no bin holds time that was
    not recorded.

    Raises:
        ConfigError: The width of the bins is not stated.
    """
    if bin_s is None:
        raise ConfigError(
            "from_arrays: a TsGroup holds spike times, and the width of the bins is missing",
            "For example: bin_s=0.05.",
        )
    counted = group.count(bin_s)
    return np.asarray(counted.t, np.float64), np.asarray(counted.values)


def interval_table(intervals: Any) -> dict[str, np.ndarray]:
    """`start` and `end` (K,) in seconds of an IntervalSet, with its metadata by name."""
    table = {"start": np.asarray(intervals.start), "end": np.asarray(intervals.end)}
    return table | {
        str(name): np.asarray(intervals.get_info(name)) for name in intervals.metadata_columns
    }
