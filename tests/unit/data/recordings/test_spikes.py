"""Spike times: their ticks, their units, and the bins that they are counted in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from raylab.data.session import Session
from raylab.errors import ConfigError, DataError
from tests.support.recipes import read, read_arrays

TIMES = np.array([0.05, 0.15, 0.35, 0.36, 0.95])
UNITS = np.array([3, 7, 3, 3, 7])


def counted(folder: Path, times: Any = TIMES, units: Any = UNITS, **spikes: Any) -> Session:
    arrays = {
        "t": times,
        "u": units,
        "fs": 30_000.0,
        "mask": np.array([True, False]),
        "long": np.isin(np.arange(10), (3, 7)),
        "ids": np.array([7.0, 12.0]),
        "short": np.array([True]),
        "rows": np.isin(np.arange(10), (3, 7, 9)).astype(np.uint8),
    }
    spikes = {"times": "t", "units": "u", "bin_s": 0.1, "window": [0, 1], **spikes}
    return read_arrays(folder, arrays, spikes=spikes)


@pytest.mark.parametrize("scale", [{}, {"tick_s": 1e-3}, {"rate_hz": 30_000}])
def test_the_last_bin_is_that_of_the_last_spike(tmp_path: Path, scale: dict[str, float]) -> None:
    tick_s = scale.get("tick_s", 1 / scale.get("rate_hz", 1))
    session = counted(tmp_path, TIMES / tick_s, window=None, **scale)
    assert session.neural.sum(1).tolist() == [1, 1, 0, 2, 0, 0, 0, 0, 0, 1]


@pytest.mark.parametrize("ticks", [{"rate_hz": 30_000}, {"rate_path": "fs"}])
@pytest.mark.parametrize("dtype", [np.uint64, np.int32, np.float64])
def test_times_in_samples(tmp_path: Path, ticks: dict[str, Any], dtype: type) -> None:
    samples = np.round(TIMES * 30_000).astype(dtype)
    session = counted(tmp_path, samples, window=[0, 30_000], **ticks)
    np.testing.assert_array_equal(session.neural, counted(tmp_path).neural)
    np.testing.assert_allclose(session.time, counted(tmp_path).time)


def test_every_bin_begins_at_its_own_sample(tmp_path: Path) -> None:
    samples = np.arange(0, 30_000_000, 300)  # the first sample of each 10 ms bin
    units = np.zeros(len(samples), int)
    arrays = {"t": samples, "u": units}
    spikes = {"times": "t", "units": "u", "rate_hz": 30_000, "bin_s": 0.01}
    session = read_arrays(tmp_path, arrays, spikes={**spikes, "window": [0, 30_000_000]})
    assert (session.neural == 1).all()


def test_whole_numbers_are_subtracted_before_they_are_floats(tmp_path: Path) -> None:
    ticks = 2**60 + np.arange(5, dtype=np.int64) * 1000  # of a nanosecond, as a computer counts
    session = counted(tmp_path, ticks, tick_s=1e-9, bin_s=1e-6, window=None)
    assert session.neural.sum() == 5
    assert session.neural.max() == 1
    with pytest.raises(DataError, match="goes to 18446744073709551615, which is no time"):
        counted(tmp_path, np.array([0, 1, 2, 3, -1]).astype(np.uint64))


def test_one_statement_of_the_ticks(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="give one of `rate_hz`, `tick_s`"):
        counted(tmp_path, rate_hz=10, tick_s=0.1)
    with pytest.raises(ConfigError, match="shorter than one bin"):
        counted(tmp_path, rate_hz=100, window=[0, 1])
    with pytest.raises(DataError, match=r"which is no whole bin of 0.1 s"):
        counted(tmp_path, rate_path="fs", window=[0, 1])


@pytest.mark.parametrize(
    ("keep", "ids", "total"),
    [
        ([7], [7], 2),
        (["7"], [7], 2),
        ([7, 3], [7, 3], 5),
        ([7, 12], [7, 12], 2),
        ("ids", [7, 12], 2),
        ("mask", [3], 3),
        ("long", [3, 7], 5),
        ("rows", [3, 7, 9], 5),
    ],
)
def test_units_are_kept_by_ids_and_masks(
    tmp_path: Path, keep: Any, ids: list[int], total: int
) -> None:
    session = counted(tmp_path, keep=keep)
    assert session.units["id"].tolist() == ids
    assert session.neural.sum() == total
    if 12 in ids:
        assert session.neural[:, 1].sum() == 0
        assert "Units without a spike: 12." in session.notes


@pytest.mark.parametrize(
    ("keep", "message"),
    [
        ([7, 7], "names unit 7 twice"),
        ([99], "none of which has a spike"),
        (["good"], "names unit 'good', but the units of the spikes are numbers"),
        ("t", "none of which has a spike"),
        ("short", "names a mask of 1 units, the spikes have 2"),
        ("absent", "does not have"),
    ],
)
def test_wrong_units_to_keep_are_named(tmp_path: Path, keep: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        counted(tmp_path, keep=keep)


def test_columns_of_units_follow_the_units(tmp_path: Path) -> None:
    arrays = {"t": TIMES, "u": UNITS, "depth": [30, 70]}
    spikes = {"times": "t", "units": "u", "bin_s": 0.1, "window": [0, 1], "keep": [7]}
    session = read_arrays(tmp_path, arrays, spikes=spikes, units={"depth": "depth"})
    assert session.units["depth"].tolist() == [70]


def test_text_ids_are_kept_by_number_or_text(tmp_path: Path) -> None:
    units = np.array(["3", "7", "3", "3", "MUA"])
    for keep in ([7, "MUA"], ["7", "MUA"]):
        session = counted(tmp_path, units=units, keep=keep)
        assert session.units["id"].tolist() == ["7", "MUA"]
        assert session.neural.sum(0).tolist() == [1, 1]


def test_listed_units_without_a_spike_are_units(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["s/times"] = TIMES
        file["s/unit"] = np.array([0, 2, 0, 0, 2])
        file["s/unit_ids"] = np.arange(4)
        file["depth"] = np.arange(4) * 10
        file["good"] = np.array([0, 1, 1, 0], np.uint8)
    spikes = {"times": "s/times", "units": "s/unit", "bin_s": 0.5, "window": [0, 1]}
    keys: dict[str, Any] = {"format": "hdf5", "units": {"depth": "depth"}}
    session = read(tmp_path / "a.h5", spikes=spikes, **keys)
    assert session.neural.sum(0).tolist() == [3, 0, 2, 0]
    session = read(tmp_path / "a.h5", spikes={**spikes, "keep": "good"}, **keys)
    assert session.neural.sum(0).tolist() == [0, 2]
    assert session.units["depth"].tolist() == [10, 20]
    with pytest.raises(DataError, match="names unit 9, which the file does not list"):
        read(tmp_path / "a.h5", spikes={**spikes, "keep": [9]}, **keys)


def test_bins_begin_where_spikes_do(tmp_path: Path) -> None:
    late = counted(tmp_path, TIMES + 3000, window=None)
    assert late.time[0] == pytest.approx(3000.05)
    assert late.neural[:4].sum() == 4
    assert "The bins start at 3000 s" in late.notes[0]
    negative = counted(tmp_path, TIMES - 0.5, window=None)
    assert negative.time[0] == pytest.approx(-0.45)
    assert negative.neural[:10].sum() == 5
    assert counted(tmp_path, window=None).time[0] == pytest.approx(0.05)


def test_times_that_are_none_are_left_out(tmp_path: Path) -> None:
    session = counted(tmp_path, [0.95, np.nan, 0.05, np.inf, 0.35], [3.0, 7, 3, 7, np.nan])
    assert session.neural.sum() == 2
    assert session.notes[:2] == (
        "Spikes of no unit (NaN), which were left out: 1.",
        "Spike times that are NaN or infinite, which were left out: 2.",
    )


def test_spikes_outside_of_all_bins_are_refused(tmp_path: Path) -> None:
    for times, window in ((TIMES, [10, 20]), (np.full(5, np.nan), None)):
        with pytest.raises(DataError, match="none of 5 spikes lies in the window"):
            counted(tmp_path, times, window=window)
    with pytest.raises(DataError, match="names 4 times, 5 units"):
        counted(tmp_path, TIMES[1:])


def test_whole_numbers_taken_for_seconds_are_said(tmp_path: Path) -> None:
    samples, units = np.arange(20) * 3, np.zeros(20, int)
    assert "taken for seconds" in counted(tmp_path, samples, units, window=[0, 60]).notes[0]
    assert counted(tmp_path, samples, units, window=[0, 60], tick_s=1).notes == ()


def test_labels_with_a_time_do_not_join_trials(tmp_path: Path) -> None:
    arrays = {"t": TIMES, "u": UNITS, "n": [0, 0, 1, 1, 1], "y": [1.0, 2.0], "ty": [0.0, 1.0]}
    labels = {"y": {"path": "y", "kind": "continuous", "time": "ty"}}
    spikes = {"times": "t", "units": "u", "trials": "n", "bin_s": 0.5, "window": [0, 1]}
    with pytest.raises(DataError, match=r"`labels.y` has a clock of its own"):
        read_arrays(tmp_path, arrays, spikes=spikes, labels=labels)
