"""Tables of NWB files: trials and other intervals, units, electrodes and ROIs."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from raylab.data.readers.formats.nwb import NwbStore
from raylab.errors import DataError


def test_text_columns_are_text(store: NwbStore) -> None:
    assert store.read("intervals/trials/choice").tolist() == ["L", "R", "L"]
    assert store.read("intervals/gratings/side").tolist() == ["left", "right", "left"]
    assert store.read("subject_id") == "mouse 4"
    assert store.read("session_id") == "s3"
    assert store.read("identifier") == "id7"


def test_columns_of_intervals(store: NwbStore) -> None:
    assert store.read("intervals/trials/start_time").tolist() == [0, 1, 2]
    assert store.read("intervals/trials/stop_time").tolist() == [0.5, 1.5, 2.5]
    np.testing.assert_array_equal(store.read("intervals/trials/contrast"), [0.5, np.nan, 1])
    assert store.read("intervals/epochs/start_time").tolist() == [0, 2]


def test_ragged_columns_are_joined(store: NwbStore) -> None:
    assert store.read("intervals/epochs/tags").tolist() == ["a, b", "c"]
    assert store.read("intervals/trials/licks").tolist() == [1.1, 2.1, 2.1]
    assert store.read("intervals/trials/licks/unit").tolist() == [1, 2, 2]


def test_units_without_spikes_are_units(store: NwbStore) -> None:
    assert store.read("units/spike_times").tolist() == [0.1, 0.5, 0.2]
    assert store.read("units/spike_unit").tolist() == [0, 0, 2]
    for name in ("units/unit_ids", "units/spike_times/unit_ids"):
        assert store.read(name).tolist() == [0, 1, 2]
    assert store.read("units/quality").tolist() == ["good", "mua", "good"]
    assert store.read("units/obs_intervals").tolist() == [[0, 1], [0, 1], [2, 3], [0, 1]]
    assert store.read("units/obs_intervals/unit").tolist() == [0, 1, 1, 2]


def test_columns_of_the_electrodes_of_each_unit(store: NwbStore) -> None:
    assert store.read("units/electrodes/location").tolist() == ["CA1", "CA3", "CA1, CA3"]
    assert store.read("units/electrodes/depth").tolist() == [5, 20, 15]
    assert store.read("units/electrodes/unit").tolist() == [0, 0, 1, 2, 2]
    with pytest.raises(DataError, match="'units/electrodes/id' is not one whole number"):
        store.read("units/electrodes/id")


def test_what_is_no_array_is_left_out_with_the_reason(store: NwbStore) -> None:
    left_out = store.left_out()
    assert "references" in left_out["general/extracellular_ephys/electrodes/group"]
    masks = "processing/ophys/ImageSegmentation/rois/pixel_mask"
    assert f"'{masks}/weight'" in left_out[masks]
    assert store.read(f"{masks}/x").tolist() == [0, 1, 2, 3]
    assert not set(left_out) & set(store.names())


def units(path: Path, ends: list[int] | None, times: int = 3) -> NwbStore:
    with h5py.File(path, "w") as file:
        file.attrs["nwb_version"] = "2.6.0"
        table = file.create_group("processing/sorting/units")
        table.attrs["colnames"] = ["spike_times"]
        table.attrs["neurodata_type"] = "Units"
        table["id"] = np.arange(2)
        if ends is not None:
            table["spike_times"] = np.arange(times) / 10
            table["spike_times_index"] = np.array(ends, np.uint8)
    return NwbStore(path)


def test_a_table_of_units_anywhere_in_the_file(tmp_path: Path) -> None:
    opened = units(tmp_path / "a.nwb", [0, 3])
    assert opened.read("processing/sorting/units/spike_unit").tolist() == [1, 1, 1]
    assert opened.read("processing/sorting/units/unit_ids").tolist() == [0, 1]


def test_units_without_a_column_of_spike_times_say_so(tmp_path: Path) -> None:
    opened = units(tmp_path / "a.nwb", None)
    place = "processing/sorting/units/spike_times"
    assert "no column of spike times" in opened.left_out()[place]


@pytest.mark.parametrize("ends", [[2, 1], [1, 2], [1, 4]])
def test_an_index_that_does_not_fit_is_damage(tmp_path: Path, ends: list[int]) -> None:
    opened = units(tmp_path / "a.nwb", ends)
    with pytest.raises(DataError, match="spike_times_index' does not fit the 3 values"):
        opened.read("processing/sorting/units/spike_unit")


def test_rows_that_a_table_does_not_have_are_damage(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        file.attrs["nwb_version"] = "2.6.0"
        for name in ("target", "table"):
            file.create_group(name).attrs["colnames"] = ["x"]
        file["target/x"] = np.arange(2)
        file["table/x"] = np.array([0, 2])
        file["table/x"].attrs["table"] = file["target"].ref
        file["table/kind"] = np.array([0, 5])
        file["texts"] = ["a", "b"]
        file["table/kind"].attrs["elements"] = file["texts"].ref
    opened = NwbStore(tmp_path / "a.nwb")
    with pytest.raises(DataError, match="names row 2, '/target' has 2"):
        opened.read("table/x/x")
    with pytest.raises(DataError, match="chooses among 2 values and names number 5"):
        opened.read("table/kind")


def test_ragged_text_of_fixed_length(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        file.attrs["nwb_version"] = "2.6.0"
        file.create_group("epochs").attrs["colnames"] = ["tags"]
        file["epochs/tags"] = np.array([b"a", b"b", b"c"])
        file["epochs/tags_index"] = np.array([2, 2, 3], np.uint8)
    opened = NwbStore(tmp_path / "a.nwb")
    assert opened.read("epochs/tags").tolist() == ["a, b", "", "c"]
