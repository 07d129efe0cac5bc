"""Tables of intervals: labels from start to stop, and groups for splits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from recipes import read, read_arrays

from raylab.config.parse import parse
from raylab.config.splits import TrialSplits
from raylab.data.session import Label, Session
from raylab.data.splitting.splits import make_parts

CLOCK: dict[str, Any] = {"neural": {"path": "n", "kind": "rate"}, "time": {"rate_hz": 10}}
BIG = 20230415123456789  # beyond 2^53
TABLE: dict[str, Any] = {
    "start_time": [1.0, 0.2, 2.0],
    "stop_time": [1.5, 0.5, 2.3],
    "side": ["left", "right", ""],
    "contrast": [0.5, np.nan, 1.0],
    "stimulus": [BIG, BIG + 1, BIG],
    "hit": [True, False, True],
    "block": ["b", "a", "b"],
}


def table_session(folder: Path, changes: dict[str, Any], samples: int = 40, **keys: Any) -> Session:
    """A recording of 4 s with a table of three trials, the second row first in time."""
    arrays = {"n": np.random.default_rng(0).normal(size=(samples, 2))}
    arrays |= {f"trials/{name}": np.array(column) for name, column in (TABLE | changes).items()}
    return read_arrays(folder, arrays, **CLOCK, **keys)


def shown(label: Label) -> dict[str, list[int]]:
    """The samples of each class."""
    return {
        name: np.flatnonzero(label.values == at).tolist() for at, name in enumerate(label.classes)
    }


SAMPLES = {0: list(range(10, 15)), 1: [2, 3, 4], 2: [20, 21, 22]}  # of each row of TABLE


def test_columns_of_all_types(tmp_path: Path) -> None:
    columns = {
        "side": "discrete",
        "stimulus": {"kind": "discrete"},
        "hit": "discrete",
        "contrast": {"kind": "continuous", "unit": "%"},
        "strong": {"column": "contrast", "kind": "discrete", "missing": 1},
    }
    intervals = {"trial": {"path": "trials", "columns": columns, "groups": ["block", "stimulus"]}}
    session = table_session(tmp_path, {}, intervals=intervals)
    assert shown(session.labels["side"]) == {"left": SAMPLES[0], "right": SAMPLES[1]}
    assert shown(session.labels["stimulus"]) == {
        str(BIG): SAMPLES[0] + SAMPLES[2],
        str(BIG + 1): SAMPLES[1],
    }
    assert shown(session.labels["hit"]) == {"False": SAMPLES[1], "True": SAMPLES[0] + SAMPLES[2]}
    assert shown(session.labels["strong"]) == {"0.5": SAMPLES[0]}
    contrast = session.labels["contrast"]
    assert np.flatnonzero(contrast.values[:, 0] == 0.5).tolist() == SAMPLES[0]
    assert np.flatnonzero(contrast.labelled).tolist() == SAMPLES[0] + SAMPLES[2]
    assert contrast.unit == "%"
    trial = session.groups["trial"]
    assert {row: np.flatnonzero(trial == row).tolist() for row in range(3)} == SAMPLES
    assert (trial[trial < 0] == -1).all()
    assert np.flatnonzero(session.groups["block"] == 1).tolist() == SAMPLES[0] + SAMPLES[2]
    assert np.flatnonzero(session.groups["block"] == 0).tolist() == SAMPLES[1]
    assert set(session.groups["stimulus"].tolist()) == {-1, BIG, BIG + 1}
    assert session.notes == ()


def test_one_table_without_a_name_in_a_unit_of_its_own(tmp_path: Path) -> None:
    changes = {"on": [200, 1000], "off": [500, 1500], "side": ["right", "left"]}
    intervals = {"path": "trials", "start": "on", "stop": "off", "unit": "ms", "columns": ["side"]}
    session = table_session(tmp_path, changes, intervals=intervals)
    assert shown(session.labels["side"]) == {"left": SAMPLES[0], "right": SAMPLES[1]}
    assert set(session.groups["trial"].tolist()) == {-1, 0, 1}


def test_columns_of_a_csv_beside_the_recording(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", n=np.ones((40, 2)))
    pd.DataFrame(TABLE).to_csv(tmp_path / "trials.csv", index=False)
    session = read(
        tmp_path / "a.npz",
        format="npz",
        companions={"trials": "trials.csv"},
        intervals={"path": "trials", "columns": ["side", "stimulus"]},
        **CLOCK,
    )
    assert shown(session.labels["side"]) == {"left": SAMPLES[0], "right": SAMPLES[1]}
    assert session.labels["stimulus"].classes == (str(BIG), str(BIG + 1))


def test_columns_of_a_matrix_by_number(tmp_path: Path) -> None:
    matrix = np.array([[1.0, 1.5, 7], [0.2, 0.5, 8]])
    arrays = {"n": np.ones((40, 2)), "epochs": matrix}
    intervals = {"path": "epochs", "start": 0, "stop": 1}
    columns = {"side": {"column": 2, "kind": "discrete"}}
    session = read_arrays(
        tmp_path, arrays, **CLOCK, intervals={"epoch": {**intervals, "columns": columns}}
    )
    assert shown(session.labels["side"]) == {"7": SAMPLES[0], "8": SAMPLES[1]}
    assert np.flatnonzero(session.groups["epoch"] == 1).tolist() == SAMPLES[1]


def test_intervals_that_follow_each_other_share_no_sample(tmp_path: Path) -> None:
    """Stamps computed in another way than the clock differ from it by rounding."""
    edges = np.cumsum(np.full(14, 0.3))
    arrays = {"n": np.ones((40, 2)), "start": edges[:-1], "stop": edges[1:]}
    intervals = {"start": "start", "stop": "stop"}
    group = read_arrays(tmp_path, arrays, **CLOCK, intervals=intervals).groups["trial"]
    assert group.tolist() == [-1] * 3 + np.repeat(np.arange(13), 3)[:37].tolist()


def test_spikes_by_the_centre_of_their_bin_and_joined_bins(tmp_path: Path) -> None:
    arrays = {"t": [0.05, 3.9], "u": [0, 1], "start": [0.24, 1.0], "stop": [0.45, 2.0]}
    spikes = {"times": "t", "units": "u", "bin_s": 0.1, "window": [0, 4]}
    intervals = {"start": "start", "stop": "stop"}
    session = read_arrays(tmp_path, arrays, spikes=spikes, intervals=intervals)
    group = session.groups["trial"]
    assert np.flatnonzero(group == 0).tolist() == [2, 3]  # centres .25 and .35; .45 is the stop
    assert np.flatnonzero(group == 1).tolist() == list(range(10, 20))
    joined = read_arrays(tmp_path, arrays, spikes=spikes, intervals=intervals, bin=4)
    assert np.flatnonzero(joined.groups["trial"] == 1).tolist() == [3, 4]  # wholly inside


def test_rows_are_trials_where_trials_have_no_common_clock(tmp_path: Path) -> None:
    spikes = {"times": "t", "units": "u", "trials": "k", "window": [0, 1], "bin_s": 0.5}
    arrays = {"t": [0.2, 0.7, 0.1], "u": [0, 1, 1], "k": [0, 1, 1]}
    arrays |= {"start_time": [5.0, 9.0], "stop_time": [6.0, 9.5], "side": ["l", "r"]}
    session = read_arrays(tmp_path, arrays, spikes=spikes, intervals={"columns": ["side"]})
    assert shown(session.labels["side"]) == {"l": [0, 1], "r": [2, 3]}
    assert session.groups["trial"].tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize("pauses", [False, True])
def test_trials_splits_deal_whole_intervals(tmp_path: Path, pauses: bool) -> None:
    start = np.arange(12) * 0.3
    changes = {"start_time": start, "stop_time": start + 0.2, "side": np.arange(12) % 2}
    intervals = {"path": "trials", "columns": ["side"]}
    segments = {"length": 3} if pauses else None
    session = table_session(tmp_path, changes, intervals=intervals, segments=segments)
    config = parse(TrialSplits, {"kind": "trials", "stratify": "side"}, "test")
    parts = make_parts(session, config, source="test")
    trial = session.groups["trial"]
    split_of = {int(trial[at]): code for a, b, code in parts for at in range(a, b)}
    assert len(split_of) == 12 + pauses  # samples between the trials belong to their segments
    for start_, stop, code in parts:
        assert {split_of[int(trial[at])] for at in range(start_, stop) if trial[at] >= 0} <= {code}
    assert len(set(split_of.values())) == 3
