"""Time series of NWB files: values in their unit, time stamps in seconds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from raylab.data.readers.formats.hdf5_tree import attribute_text, dataset
from raylab.data.readers.formats.hdf5_values import read_dataset
from raylab.data.readers.isolation.limits import allow
from raylab.errors import DataError

if TYPE_CHECKING:
    import h5py

SECONDS = ("", "s", "sec", "second", "seconds")
# The rows of another table that the channels of a series are.
REGIONS = ("rois", "electrodes")


def is_series(group: h5py.Group) -> bool:
    """Whether a group is a TimeSeries, of NWB or of any extension.

    A BehavioralTimeSeries is none, but a group of them.
    """
    return any(key in ("timestamps", "starting_time", "external_file") for key in group) or (
        "data" in list(group) and attribute_text(group, "neurodata_type").endswith("Series")
    )


def values(series: h5py.Group) -> np.ndarray:
    """The data in the unit that the series states.

    `conversion` and `offset` are applied, and of electrical series the factor of each channel.
    Data without any of them keep the type that they have in the file.

    Raises:
        DataError: A factor is no number, or there are not as many as channels.
    """
    data = series["data"]
    raw = read_dataset(data)
    conversion, offset = _factor(data, "conversion", 1.0), _factor(data, "offset", 0.0)
    channels = _channel_factors(series)
    if raw.dtype.kind not in "biuf" or (conversion == 1 and offset == 0 and channels is None):
        return raw
    allow(8 * raw.size, f"'{data.name}'")
    scaled = raw.astype(np.float64)
    scaled *= conversion if channels is None else conversion * channels
    scaled += offset
    return scaled


def timestamps(series: h5py.Group) -> np.ndarray:
    """The time of every sample in seconds, also where the file states a rate instead.

    Raises:
        DataError: The series states no clock, or one that is none.
    """
    stamps, start = dataset(series, "timestamps"), dataset(series, "starting_time")
    data = dataset(series, "data")
    if stamps is not None:
        _check_seconds(stamps)
        return np.asarray(read_dataset(stamps), np.float64)
    if start is None or data is None:
        raise DataError(
            f"'{series.name}' has neither time stamps nor a starting time",
            "Give `time.rate_hz`, or for a label its `time`.",
        )
    _check_seconds(start)
    rate = _factor(start, "rate", math.nan)
    if not 0 < rate < math.inf:
        raise DataError(
            f"'{start.name}' states a rate of {rate:g} Hz",
            "Correct the file, or give `time.rate_hz`.",
        )
    samples = data.shape[time_axis(series)] if data.shape else 1
    allow(8 * samples, f"'{series.name}/timestamps'")
    return float(start[()]) + np.arange(samples) / rate


def time_axis(series: h5py.Group) -> int:
    """The axis of the data that is time: the first, as NWB says, unless lengths show otherwise.

    Some files hold one row per channel. Their time stamps, or the rows that their channels are in
    the table of ROIs or electrodes, show it.
    """
    data, stamps = dataset(series, "data"), dataset(series, "timestamps")
    shape: tuple[int, ...] = data.shape if data is not None else ()
    if len(shape) < 2 or shape[0] == shape[1]:
        return 0
    if stamps is not None:
        return int(shape[1] == stamps.size)
    channels = {rows.size for region in REGIONS if (rows := dataset(series, region)) is not None}
    return int(shape[1] not in channels and shape[0] in channels)


def external_frames(series: h5py.Group) -> str | None:
    """Why the frames of an image series cannot be read; None where they are in the file."""
    item = dataset(series, "external_file")
    names = [] if item is None else np.atleast_1d(read_dataset(item)).tolist()
    listed = ", ".join(f"'{name}'" for name in names[:3]) + (" ..." if len(names) > 3 else "")
    return f"the frames are in other files ({listed}), which are not read" if names else None


def _channel_factors(series: h5py.Group) -> np.ndarray | None:
    """The factor of every channel, shaped to multiply the data; None where there are none."""
    stored = dataset(series, "channel_conversion")
    if stored is None:
        return None
    factors = np.asarray(read_dataset(stored), np.float64).reshape(-1)
    shape = series["data"].shape
    axis = 1 - time_axis(series)
    channels = shape[axis] if len(shape) > 1 else 1
    if len(factors) != channels or not np.isfinite(factors).all():
        raise DataError(
            f"'{series.name}/channel_conversion' has {len(factors)} factors for {channels} "
            "channels, or one that is no number",
            "Correct the file, or read its plain numbers with `format: hdf5`.",
        )
    return factors.reshape([-1 if place == axis else 1 for place in range(max(len(shape), 1))])


def _factor(item: h5py.Dataset, key: str, default: float) -> float:
    """An attribute that is one number; conversions are no number but 0 neither."""
    value = item.attrs.get(key, default)
    try:
        number = float(np.asarray(value).reshape(()))
    except (TypeError, ValueError):
        number = math.nan
    if key == "rate":
        return number
    if not math.isfinite(number) or (key == "conversion" and number == 0):
        raise DataError(
            f"'{item.name}' states as its {key} {value}",
            "Correct the file, or read its plain numbers with `format: hdf5`.",
        )
    return number


def _check_seconds(item: h5py.Dataset) -> None:
    unit = attribute_text(item, "unit")
    if unit.strip().lower() not in SECONDS:
        raise DataError(
            f"'{item.name}' states the unit '{unit}'; times of NWB are in seconds",
            "Correct the file, or read its plain numbers with `format: hdf5` and `time.unit`.",
        )
