"""NWB files as a whole: versions, links, extensions, and sessions read from them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from raylab.data.readers.formats.nwb import NwbStore
from raylab.data.readers.read import read_source
from raylab.data.readers.sources import list_sources
from raylab.data.recipe import parse_recipe
from raylab.data.session import Session
from raylab.errors import DataError


def read(path: Path, **value: Any) -> Session:
    recipe = parse_recipe({"format": "nwb", **value}, "test")
    return read_source(list_sources(path, recipe)[0], recipe)


def test_a_session_of_linked_data(recording: Path) -> None:
    session = read(
        recording,
        session={"id_path": "session_id", "animal_path": "subject_id"},
        neural={"path": "acquisition/b/data", "kind": "calcium"},
        time={"path": "acquisition/b/timestamps"},
        labels={
            "speed": {
                "path": "processing/behavior/BehavioralTimeSeries/speed/data",
                "time": "processing/behavior/BehavioralTimeSeries/speed/timestamps",
                "kind": "continuous",
            }
        },
    )
    assert (session.id, session.animal, session.rate_hz) == ("s3", "mouse 4", 4)
    np.testing.assert_allclose(session.neural[:, 0], np.arange(12) / 1000, rtol=1e-6)
    np.testing.assert_array_equal(session.labels["speed"].values[:, 0], np.arange(12) / 2)


def test_traces_with_columns_of_their_rois(recording: Path) -> None:
    place = "processing/ophys/Fluorescence"
    session = read(
        recording,
        neural={"path": f"{place}/rows/data", "kind": "calcium", "layout": "neuron_time"},
        time={"path": f"{place}/rows/timestamps"},
        units={"layer": f"{place}/rows/rois/layer"},
    )
    assert session.neural.shape == (12, 3)
    assert session.units["layer"].tolist() == ["L1", "L2", "L3"]
    with pytest.raises(
        DataError, match=r"`time\.path` .* has 12 time stamps, neural data 3 samples"
    ):
        read(
            recording,
            neural={"path": f"{place}/rows/data", "kind": "calcium"},
            time={"path": f"{place}/rows/timestamps"},
        )


def test_a_pattern_takes_no_attributes_and_refuses_what_is_not_read(recording: Path) -> None:
    neural = {"path": "acquisition/[ab]/data*", "kind": "calcium"}
    assert read(recording, neural=neural, time={"rate_hz": 4}).neural.shape == (12, 2)
    neural["path"] = "acquisition/*/data"
    with pytest.raises(DataError, match=r"'acquisition/video/data', which is not read: .*eye\.avi"):
        read(recording, neural=neural, time={"rate_hz": 4})


def test_an_extension_that_the_file_does_not_describe(recording: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(recording, tmp_path / "a.nwb"))
    with h5py.File(path, "r+") as file:
        for name in ("acquisition/a", "intervals/trials"):
            file[name].attrs["namespace"] = "ndx-laboratory"
            file[name].attrs["neurodata_type"] = "Special"
    opened = NwbStore(path)
    assert opened.read("acquisition/a/data")[1] == 0.001
    assert opened.read("intervals/trials/choice").tolist() == ["L", "R", "L"]


def test_a_recipe_need_not_state_what_the_file_says(recording: Path) -> None:
    speed = "processing/behavior/BehavioralTimeSeries/speed"
    session = read(
        recording,
        spikes={"bin_s": 0.1},
        units={"quality": "units/quality", "place": "units/electrodes/location"},
        labels={"speed": {"path": f"{speed}/data", "kind": "continuous"}},
    )
    assert session.neural.sum(axis=0).tolist() == [2, 0, 1]
    assert session.units["quality"].tolist() == ["good", "mua", "good"]
    assert session.units["place"].tolist() == ["CA1", "CA3", "CA1, CA3"]
    np.testing.assert_allclose(session.labels["speed"].values[:, 0], session.time * 2)
    assert [note for note in session.notes if "observed at different times" in note]
    neural = {"path": f"{speed}/data", "kind": "rate"}
    assert read(recording, neural=neural).rate_hz == 4
    assert read(recording, neural=neural, time={"rate_hz": 5}).rate_hz == 5


def test_units_by_a_value_of_a_column(recording: Path) -> None:
    session = read(recording, spikes={"bin_s": 0.1, "keep": "units/quality=good"})
    assert session.units["id"].tolist() == [0, 2]
    session = read(recording, spikes={"bin_s": 0.1, "keep": "units/quality=good,mua"})
    assert session.units["id"].tolist() == [0, 1, 2]
    place = "processing/ophys/Fluorescence/F"
    neural = {"path": f"{place}/data", "kind": "calcium", "units": f"{place}/rois/layer=L2"}
    assert read(recording, neural=neural).neural[:, 0].tolist() == list(range(1, 36, 3))
    with pytest.raises(DataError, match="no row of 'units/quality' holds 'noise'") as error:
        read(recording, spikes={"bin_s": 0.1, "keep": "units/quality=noise"})
    assert error.value.remedy == "It holds 'good', 'mua'."
    with pytest.raises(DataError, match="names a column of texts") as error:
        read(recording, spikes={"bin_s": 0.1, "keep": "units/quality"})
    assert "`keep: units/quality=good`" in error.value.remedy


def test_the_stated_clock_wins() -> None:
    labels = {
        "a": {"path": "x/data", "kind": "continuous"},
        "b": {"path": "x/data", "kind": "continuous", "time": "t"},
        "c": {"path": "x/column", "kind": "continuous"},
    }
    stated = {"format": "nwb", "neural": {"path": "y/data", "kind": "rate"}, "labels": labels}
    recipe = parse_recipe(stated, "test")
    assert recipe.time is not None
    assert recipe.time.path == "y/timestamps"
    assert [label.time for label in recipe.labels.values()] == ["x/timestamps", "t", None]
    recipe = parse_recipe({**stated, "time": {"path": "t", "unit": "ms"}}, "test")
    assert recipe.labels["a"].time_unit == "s"
    assert recipe.labels["b"].time_unit is None


@pytest.mark.parametrize("named", [False, True])
def test_trials_are_labels_and_groups(recording: Path, named: bool) -> None:
    trials = {
        "path": "intervals/trials",
        "columns": {"choice": "discrete", "contrast": "continuous"},
    }
    session = read(
        recording,
        neural={"path": "acquisition/a/data", "kind": "calcium"},
        time={"path": "acquisition/a/timestamps", "unit": "s"},
        intervals={"trial": trials} if named else trials,
    )
    choice = session.labels["choice"]
    texts = [choice.classes[code] if code >= 0 else "" for code in choice.values]
    assert texts == ["L", "L", "", "", "R", "R", "", "", "L", "L", "", ""]
    np.testing.assert_array_equal(
        session.labels["contrast"].values[:, 0], [0.5] * 2 + [np.nan] * 6 + [1.0] * 2 + [np.nan] * 2
    )
    assert session.groups["trial"].tolist() == [0, 0, -1, -1, 1, 1, -1, -1, 2, 2, -1, -1]


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("NWB-1.0.6", r"an NWB 1 file \(version 1\.0\.6\)"),
        (None, "states no `nwb_version`"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, version: str | None, message: str) -> None:
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        file["x"] = np.ones((4, 2))
        if version:
            file["nwb_version"] = version
    with pytest.raises(DataError, match=message) as error:
        read(tmp_path / "a.nwb", neural={"path": "x", "kind": "rate"}, time={"rate_hz": 4})
    assert "format: hdf5" in error.value.remedy


def test_a_folder_of_zarr_is_refused_with_the_reason(tmp_path: Path) -> None:
    recipe = parse_recipe(
        {"format": "nwb", "neural": {"path": "x", "kind": "rate"}, "time": {"rate_hz": 4}}, "test"
    )
    folder = tmp_path / "a.nwb"
    folder.mkdir()
    (folder / ".zgroup").write_text('{"zarr_format": 2}')
    for path in (folder, tmp_path, tmp_path / "*.nwb"):
        with pytest.raises(DataError, match=r"a\.nwb: a folder of the Zarr format") as error:
            list_sources(path, recipe)
        assert "hdmf-zarr" in error.value.remedy


def test_links_out_of_the_file_are_named_and_never_followed(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "raw.h5", "w") as file:
        file["data"] = np.ones((4, 2))
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        file.attrs["nwb_version"] = "2.6.0"
        series = file.create_group("acquisition/x")
        series["data"] = h5py.ExternalLink("raw.h5", "data")
        series["timestamps"] = np.arange(4.0)
        file["acquisition/y"] = h5py.ExternalLink("raw.h5", "/")
        file["round"] = h5py.SoftLink("/acquisition/y/data")
        file["nowhere"] = h5py.SoftLink("/nothing")
        file["circle"] = h5py.SoftLink("/circle")
        file["acquisition/self"] = h5py.SoftLink("/acquisition")
        file["acquisition/again"] = h5py.SoftLink("/acquisition/x")
    opened = NwbStore(tmp_path / "a.nwb")
    assert "raw.h5" in opened.left_out()["acquisition/x/data"]
    assert set(opened.left_out()) == {
        "acquisition/x/data",
        "acquisition/again/data",
        "acquisition/y",
        "round",
        "nowhere",
        "circle",
    }
    assert opened.read("acquisition/again/timestamps").tolist() == [0, 1, 2, 3]
    assert [name for name in opened.names() if "self" in name] == []
    with pytest.raises(DataError, match=r"`neural\.path` names 'acquisition/x/data', .*raw\.h5"):
        read(
            tmp_path / "a.nwb",
            neural={"path": "acquisition/x/data", "kind": "rate"},
            time={"path": "acquisition/x/timestamps"},
        )
