"""Datasets from arrays, DataFrames and objects of pynapple."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pynapple as nap
import pytest

import raylab
from raylab.data.session import Session
from raylab.errors import RaylabError

T, N = 300, 4
RNG = np.random.default_rng(0)
NEURAL = RNG.normal(size=(T, N)).astype(np.float32)
TIME = np.arange(T) / 30
POSITION = np.sin(TIME)


def made(tmp_path: Path, neural: Any = NEURAL, **arguments: Any) -> Session:
    arguments = {"kind": "calcium", "rate_hz": 30, **arguments}
    return raylab.Dataset.from_arrays(neural, out=tmp_path / "ds", **arguments).recorded("session")


def test_arrays(tmp_path: Path) -> None:
    session = made(
        tmp_path,
        labels={
            "position": POSITION,
            "side": np.where(POSITION > 0, "left", "right"),
            "heading": (TIME % (2 * np.pi), "circular"),
            "lap": {"values": TIME.astype(int) // 2, "kind": "discrete", "missing": 0},
        },
        units={"depth": np.arange(N) * 20.0},
        animal="m1",
        area="CA1",
    )
    assert np.array_equal(session.neural, NEURAL)
    assert np.array_equal(session.labels["position"].values[:, 0], POSITION)
    assert session.labels["side"].classes == ("left", "right")
    assert session.labels["heading"].kind == "circular"
    assert session.labels["lap"].classes == ("1", "2", "3", "4")
    assert np.array_equal(session.labels["lap"].labelled, TIME >= 2)
    assert np.array_equal(session.units["depth"], np.arange(N) * 20.0)
    assert (session.animal, session.area, session.rate_hz) == ("m1", "CA1", 30)
    assert any("arrays in Python" in note for note in session.notes)


def test_stamps_pauses_and_a_label_on_its_own_clock(tmp_path: Path) -> None:
    time = TIME + np.where(np.arange(T) >= 150, 20.0, 0.0)
    camera = np.arange(0, 31, 0.01)
    session = made(
        tmp_path, rate_hz=None, time=time, labels={"x": {"values": camera * 2, "time": camera}}
    )
    assert session.segments.tolist() == [[0, 150], [150, 300]]
    assert np.allclose(session.labels["x"].values[:, 0], time * 2)


def test_a_data_frame_names_its_units(tmp_path: Path) -> None:
    frame = pd.DataFrame(NEURAL, columns=[f"cell{number}" for number in range(N)])
    labels = {"choice": pd.Series(["a", None, "b"] * 100), "level": pd.Categorical([1, 2, 3] * 100)}
    session = made(tmp_path, frame, labels=labels)
    assert session.labels["choice"].classes == ("a", "b")
    assert session.labels["choice"].labelled.sum() == 200
    assert session.labels["level"].kind == "discrete"


def test_pynapple_traces_and_intervals(tmp_path: Path) -> None:
    trials = nap.IntervalSet([0, 4], [3, 9], metadata={"choice": ["left", "right"]})
    session = made(
        tmp_path,
        nap.TsdFrame(t=TIME, d=NEURAL, columns=list("abcd")),
        rate_hz=None,
        labels={"position": nap.Tsd(t=TIME, d=POSITION)},
        trials=trials,
    )
    assert np.array_equal(session.neural, NEURAL)
    assert np.allclose(session.labels["position"].values[:, 0], POSITION)
    choice = session.labels["choice"]
    assert choice.classes == ("left", "right")
    expected = np.select([(TIME < 3), (TIME >= 4) & (TIME < 9)], [0, 1], -1)
    assert np.array_equal(choice.values, expected)
    assert np.array_equal(session.groups["trial"], expected)


def test_pynapple_spikes_are_counted_in_their_epochs(tmp_path: Path) -> None:
    times = [np.sort(RNG.uniform(0, 100, 400)), np.sort(RNG.uniform(0, 100, 200)), np.array([])]
    group = nap.TsGroup(
        {3 * number: nap.Ts(each) for number, each in enumerate(times)},
        time_support=nap.IntervalSet([0, 60], [50, 100]),
    )
    session = made(tmp_path, group, kind=None, rate_hz=None, bin_s=0.5)
    assert session.kind == "counts"
    assert session.segments.tolist() == [[0, 100], [100, 180]]
    expected = np.histogram(times[0], np.arange(0, 50.5, 0.5))[0]
    assert np.array_equal(session.neural[:100, 0], expected)
    assert session.neural[:, 2].sum() == 0  # a silent unit is a unit
    assert session.units["id"].tolist() == [0, 3, 6]


def test_trials(tmp_path: Path) -> None:
    condition = np.arange(10) % 2
    session = made(tmp_path, NEURAL.reshape(10, 30, N), labels={"c": (condition, "discrete")})
    assert np.array_equal(session.neural, NEURAL)
    assert len(session.segments) == 10
    assert np.array_equal(session.labels["c"].values, np.repeat(condition, 30))
    lengths = [NEURAL[:20], NEURAL[20:50], NEURAL[50:90]]
    session = raylab.Dataset.from_arrays(
        lengths, out=tmp_path / "list", kind="calcium", rate_hz=30, splits={"kind": "trials"}
    ).recorded("session")
    assert session.segments.tolist() == [[0, 20], [20, 50], [50, 90]]


def test_datasets_of_arrays_are_joined(tmp_path: Path) -> None:
    for name in "ab":
        raylab.Dataset.from_arrays(
            NEURAL, out=tmp_path / name, kind="calcium", rate_hz=30, session=name
        )
    joined = raylab.prepare([tmp_path / "a", tmp_path / "b"], out=tmp_path / "ab").dataset
    assert list(joined.sessions) == ["a", "b"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": None}, "kind of the activity is missing"),
        ({"rate_hz": None}, "do not state one clock"),
        ({"time": TIME}, "do not state one clock"),
        ({"bin_s": 0.1}, "bin_s is the width"),
        ({"labels": {"x": np.arange(T)}}, "may be numbers or classes"),
        ({"labels": {"x": POSITION[:-1]}}, "has 299 samples, neural data 300"),
        ({"labels": {"x": NEURAL[0]}}, "stored the other way round"),
        ({"labels": {"x": POSITION + 1j}}, "complex128"),
        ({"labels": {"x": np.ma.masked_less(POSITION, 0)}}, "masked"),
        ({"labels": {"x": {"values": POSITION, "knd": "continuous"}}}, "unknown key 'knd'"),
        ({"labels": {"x": np.array([{}] * T, object)}}, "neither numbers nor text"),
        ({"labels": {"x": (POSITION, "circle")}}, "kind"),
        ({"trials": np.zeros((3, 3))}, "are no table"),
        ({"trials": {"start": [0, 1]}}, "have no 'stop'"),
        ({"neural": NEURAL.T, "kind": "rate"}, r"`neural.layout: neuron_time`"),
        ({"splits": {"kind": "sessions"}}, "deal whole sessions"),
        ({"splits": {"kind": "blokced"}}, "blokced"),
    ],
)
def test_what_does_not_fit(tmp_path: Path, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(RaylabError, match=message):
        made(tmp_path, **arguments)
    assert not list(tmp_path.iterdir())


def test_missing_values_leave_ids_and_truth_as_they_are(tmp_path: Path) -> None:
    ids = [None if number % 3 == 0 else 2**60 + number % 3 for number in range(T)]
    truth = [None if number % 3 == 0 else number % 3 == 1 for number in range(T)]
    session = made(
        tmp_path,
        labels={
            "ids": (pd.array(ids, dtype="Int64"), "discrete"),
            "list": (ids, "discrete"),
            "category": pd.Categorical(ids),
            "truth": pd.array(truth, dtype="boolean"),
        },
    )
    for name in ("ids", "list", "category"):
        assert session.labels[name].classes == (str(2**60 + 1), str(2**60 + 2))
        assert session.labels[name].values[:3].tolist() == [-1, 0, 1]
    assert session.labels["truth"].classes == ("False", "True")
    assert session.labels["truth"].values[:3].tolist() == [-1, 1, 0]


@pytest.mark.parametrize("edges", [(50, 120), (100, 200)])
def test_labels_of_trials_as_lists(tmp_path: Path, edges: tuple[int, int]) -> None:
    position = np.split(POSITION, edges)
    session = made(tmp_path, np.split(NEURAL, edges), labels={"position": position})
    assert np.array_equal(session.labels["position"].values[:, 0], POSITION)
    with pytest.raises(RaylabError, match="a list of lists of different lengths"):
        made(tmp_path / "b", labels={"x": [[1.0], [2.0, 3.0]]})
