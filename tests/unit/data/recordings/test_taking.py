"""Rates that a file holds, and recordings whose stamps and samples differ in number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from raylab.data.session import Session
from raylab.errors import ConfigError, DataError
from tests.support.recipes import read_arrays


def lengths(
    folder: Path, samples: int, stamps: int, take: Any = None, neural: Any = None, **keys: Any
) -> Session:
    arrays = {
        "x": np.arange(samples)[:, None],
        "y": np.arange(samples),
        "t": np.arange(stamps) / 10,
    }
    return read_arrays(
        folder,
        arrays,
        neural={"path": "x", "kind": "rate", "take": neural},
        time={"path": "t", "take": take},
        labels={"y": {"path": "y", "kind": "continuous"}},
        groups={"g": "y"},
        **keys,
    )


def test_more_stamps_than_samples_is_refused_with_both_lengths(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match="'t' has 1600 time stamps, neural data 1137 samples"
    ) as error:
        lengths(tmp_path, 1137, 1600)
    assert "`time.take: first`, `last` or [start, stop]" in error.value.remedy
    with pytest.raises(DataError, match="has 9 time stamps, neural data 12 samples") as error:
        lengths(tmp_path, 12, 9)
    assert "`neural.take: first`" in error.value.remedy


def test_a_clock_of_the_other_axis_names_the_layout(tmp_path: Path) -> None:
    arrays = {"x": np.zeros((3, 40), np.float32), "t": np.arange(40) / 10}
    with pytest.raises(DataError, match="has 40 time stamps, neural data 3 samples") as error:
        read_arrays(tmp_path, arrays, neural={"path": "x", "kind": "rate"}, time={"path": "t"})
    assert error.value.remedy.endswith("set `neural.layout: neuron_time`.")


@pytest.mark.parametrize(("take", "first"), [("first", 0.0), ("last", 0.4), ([1, 9], 0.1)])
def test_the_recipe_says_which_stamps(tmp_path: Path, take: Any, first: float) -> None:
    session = lengths(tmp_path, 8, 12, take)
    assert session.time == pytest.approx(first + np.arange(8) / 10)


@pytest.mark.parametrize(("take", "first"), [("first", 0), ("last", 4), ([2, 10], 2)])
def test_the_recipe_says_which_samples(tmp_path: Path, take: Any, first: int) -> None:
    session = lengths(tmp_path, 12, 8, neural=take)
    assert session.neural[:, 0].tolist() == list(range(first, first + 8))
    assert session.labels["y"].values[:, 0].tolist() == session.neural[:, 0].tolist()
    assert session.groups["g"].tolist() == session.neural[:, 0].tolist()


def test_labels_with_a_value_for_every_stamp_are_cut_with_the_stamps(tmp_path: Path) -> None:
    arrays = {"x": np.arange(8)[:, None], "t": np.arange(12) / 10, "y": np.arange(12.0)}
    session = read_arrays(
        tmp_path,
        arrays,
        neural={"path": "x", "kind": "rate"},
        time={"path": "t", "take": "last"},
        labels={"y": {"path": "y", "kind": "continuous"}},
    )
    assert session.labels["y"].values[:, 0].tolist() == list(range(4, 12))


def test_a_part_leaves_stamps_out_that_are_no_numbers(tmp_path: Path) -> None:
    arrays = {"x": np.ones((4, 1)), "t": [np.nan, 0, 0.1, 0.2, 0.3]}
    session = read_arrays(
        tmp_path,
        arrays,
        neural={"path": "x", "kind": "rate"},
        time={"path": "t", "take": "last"},
    )
    assert session.time.tolist() == [0, 0.1, 0.2, 0.3]


def test_a_part_outside_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"`time.take` is \[5, 13\], but there are 12"):
        lengths(tmp_path, 8, 12, [5, 13])
    with pytest.raises(DataError, match="has 7 time stamps, neural data 8 samples"):
        lengths(tmp_path, 8, 12, [5, 12])


def test_a_rate_from_the_file(tmp_path: Path) -> None:
    neural = {"path": "x", "kind": "rate"}
    arrays = {"x": np.ones((4, 1)), "fs": [[25.0]], "none": 0.0, "two": [1.0, 2.0], "a": "fast"}
    session = read_arrays(tmp_path, arrays, neural=neural, time={"rate_path": "fs"})
    assert session.rate_hz == 25
    for path, message in (
        ("none", "which is 0, not a positive number"),
        ("two", "not one number"),
        ("a", "not of numbers"),
        ("absent", "does not have"),
    ):
        with pytest.raises(DataError, match=f"`time.rate_path` names.*{message}"):
            read_arrays(tmp_path, arrays, neural=neural, time={"rate_path": path})
    with pytest.raises(ConfigError, match="`rate_hz` or `rate_path`, not both"):
        read_arrays(tmp_path, arrays, neural=neural, time={"rate_path": "fs", "rate_hz": 1})


def test_a_part_keeps_its_time_beside_labels_of_another_clock(tmp_path: Path) -> None:
    seconds = np.arange(12) / 4
    session = read_arrays(
        tmp_path,
        {"x": np.ones((12, 1)), "y": seconds, "t": seconds},
        neural={"path": "x", "kind": "rate", "take": [4, 10]},
        time={"rate_hz": 4},
        labels={
            "own": {"path": "y", "kind": "continuous", "time": "t"},
            "regular": {"path": "y", "kind": "continuous", "rate_hz": 4},
            "same": {"path": "y", "kind": "continuous"},
        },
    )
    assert session.time.tolist() == seconds[4:10].tolist()
    # A label at a rate of its own begins with the recording, so it has a value for every sample.
    for label in session.labels.values():
        assert label.values[:, 0].tolist() == seconds[4:10].tolist()
