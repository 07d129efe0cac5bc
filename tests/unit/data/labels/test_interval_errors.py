"""Intervals that overlap, are damaged or lie elsewhere; stamps that are the start of intervals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recipes import read_arrays

from raylab.data.readers.labelling.events import _are_two_ends
from raylab.data.recipe import parse_recipe
from raylab.data.session import Session
from raylab.errors import ConfigError, DataError

CLOCK: dict[str, Any] = {"neural": {"path": "n", "kind": "rate"}, "time": {"rate_hz": 10}}


def session_of(folder: Path, start: Any, stop: Any, /, **changes: Any) -> Session:
    rows = len(start)
    arrays = {"n": np.ones((40, 2)), "trials/start_time": start, "trials/stop_time": stop}
    arrays["trials/side"] = np.arange(rows) % 2
    intervals = {"path": "trials", "columns": ["side"], **changes}
    return read_arrays(folder, arrays, **CLOCK, intervals=intervals)


@pytest.mark.parametrize(
    ("start", "stop", "message"),
    [
        ([2.0, 0.0, 1.0], [3.0, 1.5, 2.0], r"rows 1 and 2 .*overlap: 0 to 1.5 s and 1 to 2 s"),
        ([0.0, 0.5, 1.5], [3.0, 1.0, 2.0], r"rows 0 and 1 .*overlap: 0 to 3 s and 0.5 to 1 s"),
        ([0.0, 0.0], [1.0, 1.0], r"rows 0 and 1 .*overlap"),
        ([0.0, 2.0], [1.0, 1.5], r"row 1 .*ends before it starts, at 1.5 after 2 s"),
        ([0.0, 2.0], [1.0], r"has 2 starts and 1 stops"),
        ([50.0, 60.0], [51.0, 61.0], r"all 2 intervals .*from 50 to 61 s, .* from 0 to 3.9 s"),
    ],
)
def test_refused(tmp_path: Path, start: Any, stop: Any, message: str) -> None:
    with pytest.raises(DataError, match=rf"a\.npz: .*intervals\.trial.*{message}|{message}"):
        session_of(tmp_path, start, stop)


def test_what_is_left_out_is_a_note(tmp_path: Path) -> None:
    start = [0.0, np.nan, 1.0, 9.0, 2.01, 3.0, -2.0]
    stop = [0.5, 1.0, np.nan, 9.5, 2.02, 3.0, -1.0]
    session = session_of(tmp_path, start, stop)
    assert session.notes == (
        "2 of 7 intervals of `trial` have no start or no stop; they are left out.",
        "2 of 7 intervals of `trial` lie outside the recording.",
        "2 of 7 intervals of `trial` hold no sample: they are shorter than a sample or in a "
        "pause, or `intervals.trial.unit` is another one.",
    )
    assert np.unique(session.groups["trial"]).tolist() == [-1, 0]


def test_a_table_without_rows(tmp_path: Path) -> None:
    session = session_of(tmp_path, np.zeros(0), np.zeros(0))
    assert not session.labels["side"].labelled.any()
    assert session.notes[0] == "The table of `intervals.trial` has no rows."


def test_stamps_of_float32_touch_within_their_rounding(tmp_path: Path) -> None:
    """Near 1,000,000 ms, neighbouring numbers of float32 are 1/16 ms apart."""
    edges = np.array([1000.0, 1000.1, 1000.2, 1000.3]) * 1000
    start, stop = edges[:-1].astype(np.float32), edges[1:].astype(np.float32)
    stop[0] = np.nextafter(stop[0], np.float32(np.inf))
    arrays = {"n": np.ones((5, 2)), "a": start, "b": stop, "t": edges[0] + 100 * np.arange(5)}
    session = read_arrays(
        tmp_path,
        arrays,
        neural=CLOCK["neural"],
        time={"path": "t", "unit": "ms"},
        intervals={"start": "a", "stop": "b"},
    )
    assert session.groups["trial"].tolist() == [0, 1, 2, -1, -1]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"labels": {"side": {"path": "y", "kind": "discrete"}}}, "another label 'side'"),
        ({"groups": {"trial": "y"}}, "another group 'trial'"),
        ({"features": {"side": {"path": "f.npy", "frame": "y"}}}, "both have 'side'"),
        ({"intervals": {"a": {"columns": ["side"]}, "b": {"columns": ["side"]}}}, "'side'"),
        ({"intervals": {"columns": {"side": "category"}}}, "kind"),
        ({"intervals": {"columns": {"side": {"kind": "circular", "unit": "cm"}}}}, "period"),
        ({"intervals": {"start": "a", "begin": "b"}}, "begin|start"),
    ],
)
def test_recipes_that_contradict_themselves(keys: dict[str, Any], message: str) -> None:
    value = {"format": "npz", **CLOCK, "intervals": {"columns": ["side"]}, **keys}
    with pytest.raises(ConfigError, match=message):
        parse_recipe(value, "test")


def test_errors_name_the_key_and_the_column(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"`intervals\.trial\.stop` names 'trials/end', which"):
        session_of(tmp_path, [0.0], [1.0], stop="end")
    with pytest.raises(DataError, match=r"`intervals\.trial\.columns\.way` names 'trials/way'"):
        session_of(tmp_path, [0.0], [1.0], columns=["way"])


@pytest.mark.parametrize("kind", ["discrete", "continuous"])
@pytest.mark.parametrize("time", ["trials/start_time", "trials/stop_time"])
def test_the_nearest_stamp_refuses_intervals(tmp_path: Path, kind: str, time: str) -> None:
    arrays = {"n": np.ones((40, 2)), "trials/start_time": [0.0, 2.0], "trials/cue": [0.5, 2.5]}
    arrays |= {"trials/stop_time": [1.0, 3.0], "trials/side": [0, 1]}
    label = {"path": "trials/side", "kind": kind, "time": time}
    with pytest.raises(DataError, match="one end of intervals from 'start_time' to") as error:
        read_arrays(tmp_path, arrays, **CLOCK, labels={"side": label})
    assert 'path: "trials", start: start_time, stop: stop_time' in error.value.remedy
    cue = {**label, "time": "trials/cue"}  # an event at one instant
    assert read_arrays(tmp_path, arrays, **CLOCK, labels={"side": cue}).labels["side"].kind == kind


@pytest.mark.parametrize(
    ("name", "sibling", "are_ends"),
    [
        ("start", "stop", True),
        ("start_time", "end_time", True),
        ("stimStart", "stimEnd", True),
        ("onset", "offset_s", True),
        ("stim_on", "stim_off", True),
        ("trial_begins", "trial_ends", True),
        ("starts", "duration", False),
        ("cue_start", "reward_end", False),
        ("start_time", "start", False),
        ("time", "end", False),
        ("position", "offset", False),
    ],
)
def test_names_of_two_ends(name: str, sibling: str, are_ends: bool) -> None:
    assert _are_two_ends(name, sibling) == are_ends
    assert _are_two_ends(sibling, name) == are_ends
