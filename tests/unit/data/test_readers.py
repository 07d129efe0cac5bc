"""Readers beyond the conformance class: hostile files, trials, bins, clocks, cuts and torch_brain
sessions.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import joblib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raylab.data.readers.parts.align import rebin, resample
from raylab.data.readers.read import read_source
from raylab.data.readers.source import Source
from raylab.data.readers.sources import list_sources
from raylab.data.recipe import parse_recipe
from raylab.data.session import Label, Session
from raylab.data.synth import write_session
from raylab.errors import DataError


def read(path: Path, **value: Any) -> Session:
    found = parse_recipe(value, "test")
    return read_source(list_sources(path, found)[0], found)


def npz(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


COUNTS = {"format": "npz", "neural": {"path": "x", "kind": "counts"}, "time": {"rate_hz": 10}}


def test_importing_the_readers_imports_no_parser() -> None:
    code = (
        "import sys, raylab.data.readers.sources\nprint([m for m in ('h5py', 'scipy', 'pandas', "
        "'pynwb', 'joblib', 'pyarrow', 'torch') if m in sys.modules])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert shown.strip() == "[]"


# -- files that are pickles ------------------------------------------------------------------------


class Hostile:
    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> Any:
        return self.call


JOBLIB = {**COUNTS, "format": "joblib"}


@pytest.mark.parametrize("compress", [0, 3, ("gzip", 3), ("bz2", 3), ("xz", 3)])
def test_a_hostile_joblib_file_is_refused_and_not_run(tmp_path: Path, compress: Any) -> None:
    target = tmp_path / "ran"
    joblib.dump(
        {"x": np.ones((4, 2)), "y": Hostile(os.system, f"touch {target}")},
        tmp_path / "a.jl",
        compress,
    )
    with pytest.raises(DataError, match=r"a\.jl: blocked (posix|nt)\.system"):
        read(tmp_path / "a.jl", **JOBLIB)
    assert not target.exists()


@pytest.mark.parametrize(
    "function", [eval, getattr, __import__, joblib.load, np.load, subprocess.check_output]
)
def test_no_function_is_let_out_of_a_pickle(tmp_path: Path, function: Any) -> None:
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(Hostile(function, "1 + 1")))
    with pytest.raises(DataError, match=f"blocked .*{function.__name__}"):
        read(tmp_path / "a.pkl", **JOBLIB)


def test_object_arrays_are_refused(tmp_path: Path) -> None:
    objects = np.array([{"a": 1}, None], dtype=object)
    joblib.dump({"x": objects}, tmp_path / "a.jl")
    with pytest.raises(DataError, match="Python objects"):
        read(tmp_path / "a.jl", **JOBLIB)
    with pytest.raises(DataError, match="Python objects"):
        read(npz(tmp_path / "a.npz", x=objects), **COUNTS)


@pytest.mark.parametrize("compress", [0, 3, ("gzip", 3), ("bz2", 3), ("lzma", 3), ("xz", 3)])
def test_compressed_joblib_files_are_read(tmp_path: Path, compress: Any) -> None:
    joblib.dump({"x": np.arange(12.0).reshape(6, 2), "rate": 5}, tmp_path / "a.jl", compress)
    assert read(tmp_path / "a.jl", **JOBLIB).neural.shape == (6, 2)


# -- which files -----------------------------------------------------------------------------------


def test_a_file_without_recipe_lists_the_shipped_ones(tmp_path: Path) -> None:
    folder = tmp_path / "worm"
    folder.mkdir()
    with h5py.File(folder / "a.h5", "w") as file:
        file["x"] = np.ones((4, 2))
    for call in (lambda: list_sources(folder), lambda: read_source(Source(folder / "a.h5"))):
        with pytest.raises(DataError, match="not a torch_brain session file") as error:
            call()
        assert "--recipe worm" in error.value.remedy
        assert "hippocampus" in error.value.remedy
    with pytest.raises(DataError, match="no torch_brain session files"):
        list_sources(tmp_path)


def test_sources_are_sorted_and_hidden_files_left_out(tmp_path: Path) -> None:
    for name in ("b", "a", ".c"):
        npz(tmp_path / f"{name}.npz", x=np.ones((4, 2)))
    names = [source.path.name for source in list_sources(tmp_path, parse_recipe(COUNTS, "test"))]
    assert names == ["a.npz", "b.npz"]


def test_companions_are_found_beside_the_file(tmp_path: Path) -> None:
    for animal, value in (("a", 1.0), ("b", 2.0)):
        npz(tmp_path / f"{animal}_data.npz", x=np.ones((4, 2)))
        npz(tmp_path / f"{animal}_meta.npz", y=np.full(4, value))
    value = {**COUNTS, "files": "*_data.npz", "companions": {"meta": "*_meta.npz"}}
    value["labels"] = {"y": {"path": "meta:y", "kind": "continuous"}}
    found = parse_recipe(value, "test")
    sessions = [read_source(source, found) for source in list_sources(tmp_path, found)]
    assert [session.labels["y"].values[0, 0] for session in sessions] == [1.0, 2.0]
    assert list_sources(tmp_path / "b_data.npz", found) == list_sources(tmp_path, found)[1:]
    with pytest.raises(DataError, match="does not match"):
        list_sources(tmp_path / "b_meta.npz", found)
    (tmp_path / "a_meta.npz").unlink()
    with pytest.raises(DataError, match=r"a_meta\.npz: no such file"):
        list_sources(tmp_path, found)


def test_several_sessions_in_one_file(tmp_path: Path) -> None:
    path = npz(tmp_path / "rat.npz", xa=np.ones((4, 2)), xb=np.ones((5, 3)))
    value = {
        **COUNTS,
        "sessions": {"a": {"half": "a"}, "b": {"half": "b"}},
        "session": {"id": "{stem}-{half}"},
    }
    value["neural"] = {"path": "x{half}", "kind": "counts"}
    found = parse_recipe(value, "test")
    sessions = [read_source(source, found) for source in list_sources(path, found)]
    assert [(session.id, session.neural.shape) for session in sessions] == [
        ("rat-a", (4, 2)),
        ("rat-b", (5, 3)),
    ]


def test_the_name_inside_the_file_wins(tmp_path: Path) -> None:
    path = npz(
        tmp_path / "copy (2).npz", x=np.ones((4, 2)), name=np.array("rat7"), who=np.array("rat")
    )
    session = read(path, **COUNTS, session={"id_path": "name", "animal_path": "who"})
    assert (session.id, session.animal) == ("rat7", "rat")


# -- what does not fit -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": {"y": {"path": "short", "kind": "discrete"}}}, "has 3 samples, neural data 4"),
        ({"labels": {"y": {"path": "x", "kind": "discrete"}}}, "has 2 columns"),
        ({"labels": {"y": {"path": "x", "kind": "continuous", "column": 5}}}, "names column 5"),
        ({"labels": {"y": {"path": "words", "kind": "continuous"}}}, "not only numbers"),
        ({"labels": {"y": {"path": "one", "kind": "continuous"}}}, "single value"),
        ({"labels": {"y": {"path": "y", "kind": "continuous", "time": "short"}}}, "has 3 stamps"),
        ({"time": {"path": "short"}}, "has 3 time stamps, neural data 4 samples"),
        ({"time": {"path": "y"}}, "does not increase"),
        ({"units": {"depth": "short"}}, "has 3 rows, the session 2 units"),
        ({"given": {"train": "short"}}, "neither a mask"),
        ({"neural": {"path": "words", "kind": "counts"}}, "not of numbers"),
        ({"neural": {"path": "cube", "kind": "counts"}}, "time_neuron` needs 2 axes"),
        ({"neural": {"path": "[xy]", "kind": "counts"}}, "vectors of one length"),
    ],
)
def test_what_does_not_fit_names_file_and_key(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    path = npz(
        tmp_path / "a.npz",
        x=np.ones((4, 2)),
        y=np.zeros(4),
        short=np.arange(3),
        words=np.array(list("abcd")),
        cube=np.ones((4, 2, 2)),
        one=np.array(3),
    )
    with pytest.raises(DataError, match=message) as error:
        read(path, **{**COUNTS, **changes})
    assert str(path) in error.value.what
    assert "`" in str(error.value)


# -- time, segments, NaN ---------------------------------------------------------------------------


def test_units_by_pattern_are_in_natural_order(tmp_path: Path) -> None:
    arrays = {f"unit{unit}": np.full(4, float(unit)) for unit in (10, 2, 1)}
    session = read(
        npz(tmp_path / "a.npz", **arrays), **{**COUNTS, "neural": {"path": "unit*", "kind": "rate"}}
    )
    assert session.neural[0].tolist() == [1, 2, 10]
    assert session.units["id"].tolist() == ["unit1", "unit2", "unit10"]


def test_coarse_stamps_only_show_the_pauses(tmp_path: Path) -> None:
    stamps = np.array([0, 0, 25, 25, 500, 500, 525]) / 1000
    path = npz(tmp_path / "a.npz", x=np.ones((7, 2)), t=stamps * 1000)
    session = read(
        path, **{**COUNTS, "time": {"path": "t", "unit": "ms", "rate_hz": 100, "gap_s": 0.1}}
    )
    assert session.segments.tolist() == [[0, 4], [4, 7]]
    np.testing.assert_allclose(session.time, [0, 0.01, 0.02, 0.03, 0.5, 0.51, 0.52])


def test_segments_from_length_changes_and_jumps(tmp_path: Path) -> None:
    lap = np.repeat([0, 1, 0], 5)
    place = np.arange(15.0)
    place[8:] += 50
    path = npz(tmp_path / "a.npz", x=np.ones((15, 2)), lap=lap, place=place)
    labels = {
        "lap": {"path": "lap", "kind": "discrete"},
        "place": {"path": "place", "kind": "continuous"},
    }
    rules: list[tuple[dict[str, Any], list[int]]] = [
        ({"changes": ["lap"]}, [0, 5, 10]),
        ({"jumps": {"place": 5}}, [0, 8]),
        ({"length": 6}, [0, 6, 12]),
        ({"length": 6, "first": 2}, [0, 2, 8, 14]),
    ]
    for rule, starts in rules:
        session = read(path, **COUNTS, labels=labels, segments=rule)
        assert session.segments[:, 0].tolist() == starts
        assert session.segments[:, 1].tolist() == [*starts[1:], 15]


def test_nan_rules(tmp_path: Path) -> None:
    x = np.arange(12.0).reshape(6, 2)
    x[1, 0] = np.nan
    path = npz(tmp_path / "a.npz", x=x, t=np.array([0, 1, 2, 13, 14, 15]) / 10, depth=[1, 2])
    rules: list[tuple[str, list[list[float]], list[int]]] = [
        ("zero", [[0, 0, 4, 6, 8, 10], x[:, 1].tolist()], [1, 2]),
        ("interpolate", [[0, 2, 4, 6, 8, 10], x[:, 1].tolist()], [1, 2]),
        ("drop_units", [x[:, 1].tolist()], [2]),
    ]
    for rule, traces, depth in rules:
        session = read(
            path,
            format="npz",
            neural={"path": "x", "kind": "calcium", "nan": rule},
            time={"path": "t"},
            units={"depth": "depth"},
        )
        assert session.neural.T.tolist() == traces
        assert session.units["depth"].tolist() == depth
        assert session.notes


def test_interpolation_does_not_reach_across_a_pause(tmp_path: Path) -> None:
    x = np.ones((6, 2))
    x[:3, 0] = np.nan  # all of the first segment
    path = npz(tmp_path / "a.npz", x=x, t=np.array([0, 1, 2, 13, 14, 15]) / 10)
    neural = {"path": "x", "kind": "calcium", "nan": "interpolate"}
    session = read(path, format="npz", neural=neural, time={"path": "t"})
    assert session.neural.shape == (6, 1)


def test_given_splits_from_masks_and_times(tmp_path: Path) -> None:
    path = npz(
        tmp_path / "a.npz", x=np.ones((6, 2)), m=[1, 1, 0, 0, 1, 0], t=[[0.2, 0.4], [0.5, 0.6]]
    )
    session = read(path, **COUNTS, given={"train": "m", "test": "t"})
    assert session.given is not None
    assert session.given["train"].tolist() == [[0, 2], [4, 5]]
    assert session.given["test"].tolist() == [[2, 4], [5, 6]]


def test_labels_one_hot_degrees_and_missing(tmp_path: Path) -> None:
    path = npz(
        tmp_path / "a.npz",
        x=np.ones((3, 2)),
        hot=[[0, 1], [1, 0], [0, 0]],
        deg=[0, 90, -1],
        text=["a", "", "b"],
    )
    labels = {
        "hot": {"path": "hot", "kind": "discrete", "one_hot": True},
        "deg": {"path": "deg", "kind": "circular", "unit": "deg", "missing": -1},
        "text": {"path": "text", "kind": "discrete"},
    }
    session = read(path, **COUNTS, labels=labels)
    assert session.labels["hot"].values.tolist() == [1, 0, -1]
    np.testing.assert_allclose(session.labels["deg"].values[:, 0], [0, np.pi / 2, np.nan])
    assert session.labels["deg"].unit == "rad"
    assert session.labels["text"].values.tolist() == [0, -1, 1]


# -- spikes ----------------------------------------------------------------------------------------

SPIKES = {
    "times": "t",
    "units": "u",
    "trials": "k",
    "tick_s": 0.001,
    "window": [0, 200],
    "bin_s": 0.1,
}


def test_spikes_are_counted_per_trial(tmp_path: Path) -> None:
    path = npz(
        tmp_path / "a.npz",
        t=[0, 99, 100, 199, 200, 50],
        u=[7, 7, 7, 9, 9, 9],
        k=[1, 1, 1, 1, 1, 3],
        side=["l", "r", "r"],
    )
    labels = {"side": {"path": "side", "kind": "discrete"}}
    session = read(path, format="npz", spikes={**SPIKES, "first_trial": 1}, labels=labels)
    assert session.neural.tolist() == [[2, 0], [1, 1], [0, 0], [0, 0], [0, 1], [0, 0]]
    assert session.segments.tolist() == [[0, 2], [2, 4], [4, 6]]
    assert session.labels["side"].values.tolist() == [0, 0, 1, 1, 1, 1]
    assert session.units["id"].tolist() == [7, 9]
    assert session.rate_hz == pytest.approx(10)
    assert session.notes[0].startswith("1 of 6 spikes")
    with pytest.raises(DataError, match="goes to 3") as error:
        read(path, format="npz", spikes=SPIKES, labels=labels)
    assert "first_trial" in error.value.remedy


def test_spikes_without_trials_are_one_segment(tmp_path: Path) -> None:
    path = npz(
        tmp_path / "a.npz", t=[0.05, 0.95, 0.96], u=[0, 1, 1], speed=[0.0, 10.0], at=[0.0, 1.0]
    )
    labels = {"speed": {"path": "speed", "kind": "continuous", "time": "at"}}
    spikes = {"times": "t", "units": "u", "window": [0, 1], "bin_s": 0.5}
    session = read(path, format="npz", spikes=spikes, labels=labels)
    assert session.neural.tolist() == [[1, 0], [0, 2]]
    np.testing.assert_allclose(session.labels["speed"].values[:, 0], [2.5, 7.5])


def test_spike_times_of_nwb_units(tmp_path: Path) -> None:
    import datetime

    from pynwb import NWBHDF5IO, NWBFile

    start = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    file = NWBFile(session_description="test", identifier="probe", session_start_time=start)
    for times in ([0.1, 0.3, 0.9], [], [0.6]):
        file.add_unit(spike_times=times)
    with NWBHDF5IO(str(tmp_path / "a.nwb"), "w") as io:
        io.write(file)
    spikes = {
        "times": "units/spike_times",
        "units": "units/spike_unit",
        "bin_s": 0.5,
        "window": [0, 1],
    }
    session = read(
        tmp_path / "a.nwb", format="nwb", spikes=spikes, session={"id_path": "identifier"}
    )
    assert session.id == "probe"
    assert session.neural.tolist() == [[2, 0, 0], [1, 0, 1]]  # a silent unit is a unit


# -- clocks and bins -------------------------------------------------------------------------------


def test_resample_interpolates_inside_and_is_nan_outside_and_in_pauses() -> None:
    stamps = np.concatenate([np.arange(10), np.arange(30, 40)]) * 0.1
    time = np.array([-0.2, 0.05, 0.9, 2.0, 3.0, 5.0])
    values = resample(stamps * 10, stamps, time, "continuous")[:, 0]
    np.testing.assert_allclose(values, [np.nan, 0.5, 9, np.nan, 30, np.nan])


def test_resample_turns_angles_the_short_way() -> None:
    values = resample(
        np.array([0.1, 2 * np.pi - 0.1]), np.array([0.0, 1.0]), np.array([0.5]), "circular"
    )
    assert np.cos(values[0, 0]) == pytest.approx(1)


def make(kind: Any = "counts", samples: int = 10, **changes: Any) -> Session:
    value: dict[str, Any] = {
        "id": "a", "neural": np.ones((samples, 2), np.float32), "kind": kind, "rate_hz": 10.0,
        "time": np.arange(samples) / 10, "segments": np.array([[0, samples]]),
    }  # fmt: skip
    return Session(**(value | changes))


def test_bins_sum_counts_and_average_the_rest() -> None:
    labels = {
        "angle": Label.continuous(
            np.array([6.2, 0.1, 1, 1, 1, np.nan, np.nan, np.nan, 2, np.nan]), kind="circular"
        ),
        "side": Label.discrete(np.array([0, 0, 1, 1, 1, 0, np.nan, np.nan, np.nan, 1])),
        "x": Label.continuous(np.arange(10.0)),
    }
    segments, given_ = np.array([[0, 5], [5, 10]]), {"train": np.array([[0, 4], [7, 10]])}
    binned = rebin(make(labels=labels, segments=segments, given=given_), 2)
    assert binned.neural.tolist() == [[2, 2]] * 4
    assert rebin(make("calcium"), 2).neural[0].tolist() == [1, 1]
    assert binned.segments.tolist() == [[0, 2], [2, 4]]
    assert binned.rate_hz == 5
    np.testing.assert_allclose(binned.time, [0.05, 0.25, 0.55, 0.75])
    assert np.cos(binned.labels["angle"].values[0, 0]) > 0.98
    assert np.isnan(binned.labels["angle"].values[2, 0])
    assert binned.labels["angle"].values[3, 0] == pytest.approx(2)
    assert binned.labels["side"].values.tolist() == [0, 1, 0, -1]
    np.testing.assert_allclose(binned.labels["x"].values[:, 0], [0.5, 2.5, 5.5, 7.5])
    assert binned.given is not None
    assert binned.given["train"].tolist() == [[0, 2], [3, 4]]


@settings(max_examples=60, deadline=None)
@given(
    cuts=st.sets(st.integers(1, 39), max_size=6), width=st.integers(2, 7), seed=st.integers(0, 99)
)
def test_bins_never_cross_a_segment(cuts: set[int], width: int, seed: int) -> None:
    edges = np.array([0, *sorted(cuts), 40])
    segments = np.stack([edges[:-1], edges[1:]], axis=1)
    counts = np.random.default_rng(seed).integers(0, 5, (40, 1)).astype(np.float32)
    lengths = (segments[:, 1] - segments[:, 0]) // width
    session = make(samples=40, neural=counts, segments=segments)
    if lengths.sum() < 2:
        with pytest.raises(DataError, match="no segment holds"):
            rebin(session, width)
        return
    binned = rebin(session, width).check("test")
    assert (binned.segments[:, 1] - binned.segments[:, 0]).tolist() == lengths[lengths > 0].tolist()
    kept = [counts[a : a + n * width].sum() for (a, _), n in zip(segments, lengths)]
    assert binned.neural.sum() == sum(kept)


# -- torch_brain -----------------------------------------------------------------------------------


def test_gaps_of_the_domain_become_segments(tmp_path: Path) -> None:
    from torch_brain.data import Data, RegularTimeSeries, SessionDescription

    stamps = np.concatenate([np.arange(20), np.arange(30, 50)]) / 10.0
    traces = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    series = RegularTimeSeries.from_gappy_timeseries(stamps, sampling_rate=10.0, df_over_f=traces)
    data = Data(calcium_traces=series, session=SessionDescription(id="s1"), domain=series.domain)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        data.to_hdf5(file)
    session = read_source(Source(tmp_path / "a.h5"))
    assert session.id == "s1"
    assert session.segments.tolist() == [[0, 20], [20, 40]]
    np.testing.assert_array_equal(session.neural, traces)
    np.testing.assert_allclose(session.time, stamps)
    assert "gaps" in session.notes[0]


def test_a_torch_brain_file_without_names_has_its_stem(tmp_path: Path) -> None:
    from torch_brain.data import Data, RegularTimeSeries

    series = RegularTimeSeries(df_over_f=np.ones((9, 2)), sampling_rate=10.0)
    with h5py.File(tmp_path / "mouse.h5", "w") as file:
        Data(calcium_traces=series, domain=series.domain).to_hdf5(file)
    session = read_source(Source(tmp_path / "mouse.h5"))
    assert (session.id, session.animal, session.given, session.labels) == ("mouse", "", None, {})


def test_a_torch_brain_file_without_traces_says_what_it_has(tmp_path: Path) -> None:
    from torch_brain.data import Data, SessionDescription

    with h5py.File(tmp_path / "a.h5", "w") as file:
        Data(session=SessionDescription(id="s1")).to_hdf5(file)
    with pytest.raises(DataError, match="calcium_traces/df_over_f") as error:
        read_source(Source(tmp_path / "a.h5"))
    assert "session" in error.value.remedy


@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.95])
def test_a_truncated_torch_brain_file_is_named(tmp_path: Path, share: float) -> None:
    path = write_session(tmp_path / "a.h5", samples=400, units=4)
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * share)])
    with pytest.raises(DataError, match=r"a\.h5"):
        read_source(Source(path))


def test_nan_rule_and_bins_apply_to_torch_brain_files(tmp_path: Path) -> None:
    path = write_session(tmp_path / "a.h5", samples=400, units=4)
    with h5py.File(path, "r+") as file:
        file["calcium_traces/df_over_f"][5, 1] = np.nan
    with pytest.raises(DataError, match="NaN"):
        read_source(Source(path))
    neural = {"path": "calcium_traces/df_over_f", "kind": "calcium", "nan": "drop_units"}
    session = read(path, format="torch_brain", neural=neural, bin=3)
    assert session.neural.shape == (133, 3)
    assert len(session.units["id"]) == 3
    assert session.rate_hz == pytest.approx(10)
