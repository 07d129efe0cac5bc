"""`Dataset.session`: arrays, short to look at, and the same as objects of pynapple and xarray."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from helpers import arrays, dataset, session

import raylab
from raylab.config.splits import BlockedSplits
from raylab.data.dataset import Dataset
from raylab.data.session import Label
from raylab.errors import ConfigError, DataError


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    coded = np.array(["left", "", "right", "left"]).repeat(100)
    labels = {**session().labels, "side": Label.discrete(coded)}
    labels["place"] = Label.continuous(np.stack([np.arange(400.0), np.ones(400)], axis=1), unit="m")
    whole = session("a", labels=labels, units=6, segments=[[0, 150], [160, 400]])
    folder = tmp_path_factory.mktemp("arrays") / "ds"
    return dataset(folder, whole, session("b", units=4), splits=BlockedSplits(blocks=5))


def test_a_session_is_mapped_and_read_only(data: Dataset) -> None:
    opened = data.session("a")
    assert opened.activity.dtype == np.float32
    assert np.array_equal(opened.activity, arrays()["x"])
    assert not opened.activity.flags.writeable
    base: np.ndarray | None = opened.activity
    while base is not None and not isinstance(base, np.memmap):
        base = base.base  # type: ignore[assignment]
    assert isinstance(base, np.memmap)
    assert opened.times.tolist() == (np.arange(400) / 10).tolist()
    assert (opened.rate_hz, opened.kept.tolist()) == (10, [True] * 6)


def test_labels_and_splits_are_plain(data: Dataset) -> None:
    opened = data.session("a")
    assert {name: values.shape for name, values in opened.labels.items()} == {
        **dict.fromkeys(("position", "heading", "choice", "side"), (400,)),
        "place": (400, 2),
    }
    assert opened.labels["side"][[0, 150, 250]].tolist() == ["left", "", "right"]
    counts = {split: int((opened.splits == split).sum()) for split in ("train", "valid", "test")}
    assert counts == data.sessions["a"].splits
    assert set(opened.splits[150:160]) == {""}  # the gap


def test_an_unknown_session_is_refused(data: Dataset) -> None:
    with pytest.raises(DataError, match="no session 'c'"):
        data.session("c")


def test_datasets_and_sessions_are_short(data: Dataset) -> None:
    assert repr(data) == (
        f"Dataset('{data.path}': 2 sessions, 10 units, 790 samples, "
        "labels position, heading, choice)"
    )
    assert "a" in data._repr_html_()
    assert repr(data.session("b")) == (
        "SessionArrays('b': 400 samples (40 s at 10 Hz), 4 units, labels position, heading, choice)"
    )
    html = data.session("a")._repr_html_()
    assert "<td>circular</td>" in html


def test_names_from_files_are_escaped(tmp_path: Path) -> None:
    made = dataset(tmp_path / "ds", session("<b>x</b>"))
    for html in (made._repr_html_(), made.session("<b>x</b>")._repr_html_()):
        assert "<b>x" not in html
        assert "&lt;b&gt;x" in html


def test_pynapple_has_the_same_samples(data: Dataset) -> None:
    pynapple = pytest.importorskip("pynapple")
    opened, made = data.session("a"), data.session("a").to_pynapple()
    inside = np.r_[0:150, 160:400]
    assert isinstance(made.activity, pynapple.TsdFrame)
    assert np.array_equal(made.activity.values, opened.activity[inside])
    for split, intervals in made.splits.items():
        restricted = made.activity.restrict(intervals)
        assert np.array_equal(restricted.values, opened.activity[opened.splits == split])
    codes = made.labels["side"].values
    assert np.isnan(codes[140])
    assert made.classes["side"][int(codes[0])] == "left"
    assert made.labels["place"].shape == (390, 2)


def test_segments_that_overlap_in_time_have_no_pynapple(tmp_path: Path) -> None:
    pytest.importorskip("pynapple")
    times = np.concatenate([np.arange(200), np.arange(180, 380)]) / 10.0
    made = dataset(tmp_path / "ds", session(time=times, segments=[[0, 200], [200, 400]]))
    with pytest.raises(DataError, match="overlap in time"):
        made.session("rat").to_pynapple()


def test_xarray_has_coordinates_and_units(data: Dataset) -> None:
    pytest.importorskip("xarray")
    made = data.session("a").to_xarray()
    assert made["activity"].dims == ("time", "unit")
    assert made["place"].dims == ("time", "place_column")
    assert made["position"].attrs == {"kind": "continuous", "units": "m"}
    assert (made["split"] == "train").sum() == data.sessions["a"].splits["train"]
    assert made.sel(time=slice(0, 4.9)).sizes["time"] == 50


@pytest.mark.parametrize("package", ["pynapple", "xarray"])
def test_a_missing_package_is_named(
    data: Dataset, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConfigError, match=f"to_{package} needs the package {package}") as error:
        getattr(data.session("a"), f"to_{package}")()
    assert error.value.remedy == f"pip install 'raylab[{package}]'"


def test_a_dataset_stands_for_its_folder(data: Dataset) -> None:
    assert raylab.Dataset(data.path).fingerprint == Dataset(data).fingerprint
