"""Time series of NWB files: their values in the stated unit, and their clocks."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from raylab.data.readers.formats.nwb import NwbStore
from raylab.errors import DataError

T = 12
BEHAVIOR, OPHYS = "processing/behavior", "processing/ophys"


def written(path: Path, shape: tuple[int, ...], **changes: object) -> NwbStore:
    """A file of one series, without any metadata but those of a series."""
    with h5py.File(path, "w") as file:
        file.attrs["nwb_version"] = "2.6.0"
        series = file.create_group("acquisition/x")
        data = series.create_dataset("data", data=np.arange(np.prod(shape)).reshape(shape))
        data.attrs["unit"] = "V"
        start = series.create_dataset("starting_time", data=changes.pop("start", 0.0))
        start.attrs["rate"] = changes.pop("rate", 10.0)
        start.attrs["unit"] = changes.pop("unit", "seconds")
        for name, value in changes.items():
            if name in ("conversion", "offset"):
                data.attrs[name] = value
            else:
                series[name] = value
    return NwbStore(path)


def test_linked_data_and_clocks_are_those_of_the_other_series(store: NwbStore) -> None:
    for name in ("a", "b"):
        np.testing.assert_allclose(store.read(f"acquisition/{name}/data"), np.arange(T) / 1000)
        np.testing.assert_array_equal(
            store.read(f"acquisition/{name}/timestamps"), np.arange(T) / 4
        )


def test_conversions_apply_to_every_channel_and_the_offset_once(store: NwbStore) -> None:
    raw = np.arange(2 * T).reshape(T, 2)
    values = store.read("acquisition/lfp/data")
    np.testing.assert_array_equal(values, raw * [0.5, 1.0] + 1)
    np.testing.assert_allclose(store.read("acquisition/lfp/timestamps"), 5 + np.arange(T) / 10)
    assert store.read("acquisition/lfp/starting_time@rate") == 10
    assert store.read("acquisition/lfp/data@unit") == "volts"
    assert store.read("acquisition/lfp/electrodes/location").tolist() == ["CA3", "CA3"]
    assert store.read("acquisition/lfp/electrodes/depth").tolist() == [20, 30]


@pytest.mark.parametrize(
    "name", ["Position/SpatialSeries", "EyeTracking/gaze", "CompassDirection/head"]
)
def test_series_of_behavior_by_their_path(store: NwbStore, name: str) -> None:
    values = store.read(f"{BEHAVIOR}/{name}/data")
    np.testing.assert_allclose(values[:, 1], np.arange(1, 2 * T, 2) / 100)
    assert np.isnan(values[0, 0])
    assert len(store.read(f"{BEHAVIOR}/{name}/timestamps")) == T


def test_an_offset_without_a_conversion(store: NwbStore) -> None:
    size = store.read(f"{BEHAVIOR}/PupilTracking/size/data")
    np.testing.assert_array_equal(size, np.arange(T) + 3)
    assert store.read(f"{BEHAVIOR}/BehavioralTimeSeries/speed/data")[2] == 1


def test_rois_give_columns_of_units(store: NwbStore) -> None:
    place = f"{OPHYS}/Fluorescence/F"
    assert store.read(f"{place}/data").dtype == np.float32
    assert store.read(f"{place}/rois").tolist() == [1, 2, 3]
    assert store.read(f"{place}/rois/layer").tolist() == ["L1", "L2", "L3"]


def test_a_file_of_one_row_per_channel_has_its_clock_along_the_rows(store: NwbStore) -> None:
    place = f"{OPHYS}/Fluorescence/rows"
    assert store.read(f"{place}/data").shape == (3, T)
    np.testing.assert_allclose(store.read(f"{place}/timestamps"), np.arange(T) / 4)


def test_factors_of_channels_follow_the_channels(tmp_path: Path) -> None:
    stamps = np.arange(5.0)
    opened = written(tmp_path / "a.nwb", (3, 5), channel_conversion=[1, 2, 3], timestamps=stamps)
    raw = np.arange(15).reshape(3, 5)
    np.testing.assert_array_equal(opened.read("acquisition/x/data"), raw * [[1], [2], [3]])


def test_frames_in_other_files_are_left_out_with_the_reason(store: NwbStore) -> None:
    assert "eye.avi" in store.left_out()["acquisition/video/data"]
    assert "acquisition/video/data" not in store.names()


def test_text_and_interval_series(store: NwbStore) -> None:
    assert store.read("acquisition/notes/data").tolist() == ["on", "off"]
    columns = [
        store.read(f"acquisition/licking/{name}").tolist()
        for name in ("start_time", "stop_time", "state")
    ]
    assert columns == [[0, 1], [3, 2], [1, 2]]


@pytest.mark.parametrize(
    ("changes", "name", "message"),
    [
        ({"rate": 0.0}, "timestamps", "states a rate of 0 Hz"),
        ({"rate": np.inf}, "timestamps", "states a rate of inf Hz"),
        ({"unit": "milliseconds"}, "timestamps", "the unit 'milliseconds'"),
        ({"conversion": np.nan}, "data", "conversion nan"),
        ({"conversion": 0.0}, "data", "conversion 0"),
        ({"offset": np.inf}, "data", "offset inf"),
        ({"channel_conversion": [1.0, 2.0]}, "data", "has 2 factors for 3 channels"),
    ],
)
def test_a_series_that_makes_no_sense_is_refused(
    tmp_path: Path, changes: dict[str, object], name: str, message: str
) -> None:
    opened = written(tmp_path / "a.nwb", (5, 3), **changes)
    with pytest.raises(DataError, match=message):
        opened.read(f"acquisition/x/{name}")
