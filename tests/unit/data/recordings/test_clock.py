"""The clock of time stamps: its rate, its pauses, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from raylab.data.readers.parts.clock.stamps import seconds
from raylab.data.session import Session
from raylab.errors import ConfigError, DataError
from tests.support.recipes import read_arrays

SAMPLES = 600
INDEX = np.arange(SAMPLES)


def clocked(folder: Path, stamps: Any, *, kind: str = "rate", **time: Any) -> Session:
    """A recording with `stamps`, whose only unit counts its samples."""
    arrays = {"x": np.arange(float(len(stamps)))[:, None], "t": stamps}
    return read_arrays(
        folder, arrays, neural={"path": "x", "kind": kind}, time={"path": "t", **time}
    )


def zoned(zone: str) -> np.ndarray:
    """Texts of dates with nanoseconds and a zone, as pandas writes them into CSV."""
    dates = np.datetime64("2024-03-01", "ns") + (INDEX * 1e9 / 30).astype("timedelta64[ns]")
    return np.char.add(dates.astype(str), zone)


@pytest.mark.parametrize("hz", [30, 400, 700, 1300, 2000, 30_000])
@pytest.mark.parametrize("rounding", [np.round, np.floor])
def test_stamps_in_milliseconds_are_the_clock_that_they_round(
    tmp_path: Path, hz: int, rounding: Any
) -> None:
    stamps = rounding(INDEX / hz * 1000).astype(np.int64)
    session = clocked(tmp_path, stamps, unit="ms")
    assert session.rate_hz == pytest.approx((SAMPLES - 1) * 1000 / (stamps[-1] - stamps[0]))
    assert session.segments.tolist() == [[0, SAMPLES]]
    assert np.abs(session.time - INDEX / hz).max() < 1.01e-3
    np.testing.assert_allclose(np.diff(session.time), 1 / session.rate_hz)
    assert "rounded to 0.001 s" in session.notes[0]


@pytest.mark.parametrize(
    ("stamps", "time"),
    [
        (np.float32(1000 + INDEX / 30), {}),
        (np.datetime64("2024-03-01T10:00:00") + (INDEX * 1e6 / 30).astype("timedelta64[us]"), {}),
        (np.timedelta64(5, "s") + (INDEX * 1e6 / 30).astype("timedelta64[us]"), {}),
        (
            (np.datetime64("2024-03-01") + (INDEX * 1e6 / 30).astype("timedelta64[us]")).astype(
                str
            ),
            {},
        ),
        (zoned("+01:00"), {}),
        (zoned("Z"), {}),
        ((INDEX * 1000 // 30).astype(np.uint16), {"unit": "ms"}),
        (1_700_000_000_000_000_000 + (INDEX * 10**9 // 30).astype(np.int64), {"unit": "ns"}),
        ((INDEX * 10**6 // 30).astype(np.uint64), {"unit": "us"}),
        (INDEX / 30 / 60, {"unit": "min"}),
        (738_000 + INDEX / 30 / 86_400, {"tick_s": 86_400}),
    ],
)
def test_every_type_of_stamp_gives_the_rate(
    tmp_path: Path, stamps: np.ndarray, time: dict[str, Any]
) -> None:
    session = clocked(tmp_path, stamps, **time)
    assert session.rate_hz == pytest.approx(30, rel=1e-3)
    assert session.segments.tolist() == [[0, SAMPLES]]
    assert np.ptp(session.time) == pytest.approx((SAMPLES - 1) / 30, rel=1e-3)
    if stamps.dtype.kind in "MU":
        assert session.time[0] == 0


def test_stamps_too_coarse_or_too_large(tmp_path: Path) -> None:
    session = clocked(tmp_path, INDEX // 30)
    assert "This rate is sure to 5% only: `time.rate_hz` states a better one." in session.notes
    assert clocked(tmp_path, INDEX // 30, rate_hz=30).time[-1] == pytest.approx(599 / 30)
    with pytest.raises(DataError, match=r"does not increase|repeats"):
        clocked(tmp_path, INDEX / 30 + 1e15)


def test_the_rate_is_taken_between_pauses(tmp_path: Path) -> None:
    steps = np.where(INDEX % 3 == 0, 0.030, 0.036)  # the median step is 36 ms, the mean 34 ms
    steps[200] = 5.0
    session = clocked(tmp_path, np.cumsum(steps))
    assert session.segments.tolist() == [[0, 200], [200, SAMPLES]]
    assert session.rate_hz == pytest.approx(1 / 0.034, rel=1e-3)
    assert "their median step alone would give 27.7778 Hz" in session.notes[0]


def test_dropped_samples_are_pauses_and_no_rounding(tmp_path: Path) -> None:
    for rate, unit in ((30.0, "s"), (1000.0, "s")):
        session = clocked(tmp_path, np.delete(np.arange(300) / rate, [100, 200]), unit=unit)
        assert session.rate_hz == pytest.approx(rate)
        assert session.segments.tolist() == [[0, 100], [100, 199], [199, 298]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({100: np.nan}, "one stamp is no number: 100 is NaN"),
        ({7: np.inf, 9: np.nan}, "2 of 600 stamps are no number: 7 is inf"),
        ({50: 0.0}, r"goes backwards: stamp 50 is 0 s.*\(1 such stamps\)"),
        ({50: 49 / 30, 80: 79 / 30}, r"repeats stamps: 50 is 1.63\d* s.*\(2 such stamps\)"),
    ],
)
def test_stamps_that_are_none_are_named(
    tmp_path: Path, change: dict[int, float], message: str
) -> None:
    stamps = INDEX / 30
    stamps[list(change)] = list(change.values())
    with pytest.raises(DataError, match=message) as error:
        clocked(tmp_path, stamps)
    assert "`time.path` 't'" in error.value.what


def test_a_clock_that_jitters_is_refused_or_allowed(tmp_path: Path) -> None:
    stamps = (INDEX + np.random.default_rng(0).uniform(-0.2, 0.2, SAMPLES)) / 30
    with pytest.raises(DataError, match=r"steps of the time stamps are off by more than 0.2") as no:
        clocked(tmp_path, stamps)
    assert "time.resample: true" in no.value.remedy
    allowed = clocked(tmp_path, stamps, jitter=0.45)
    np.testing.assert_array_equal(allowed.time, stamps)
    hiccup = INDEX / 30
    hiccup[300] += 0.4 / 30
    assert "2 of 599 steps" in clocked(tmp_path, hiccup).notes[0]


def test_a_stated_rate_must_agree_with_the_stamps(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has 30 stamps a second between pauses"):
        clocked(tmp_path, INDEX / 30, rate_hz=100)
    near = clocked(tmp_path, INDEX / 29.9, rate_hz=30)
    assert near.rate_hz == 30
    assert "up to 0.0668 s from their stamps, whose rate is 29.9 Hz" in near.notes[0]
    coarse = clocked(tmp_path, np.floor(INDEX / 100 / 0.0256) * 0.0256, rate_hz=100)
    assert coarse.segments.tolist() == [[0, SAMPLES]]
    with pytest.raises(DataError, match=r"samples are 0.0333 s apart"):
        clocked(tmp_path, INDEX / 30, gap_s=0.03)


def test_beside_spikes_time_states_only_a_unit(tmp_path: Path) -> None:
    spikes = {"times": "s", "units": "u", "bin_s": 0.1}
    arrays = {"s": [0.05, 0.15, 0.35], "u": [0, 1, 1], "y": [0.0, 1000.0], "ty": [0, 1000]}
    labels = {"y": {"path": "y", "kind": "continuous", "time": "ty"}}
    session = read_arrays(tmp_path, arrays, spikes=spikes, time={"unit": "ms"}, labels=labels)
    assert session.labels["y"].values[:3, 0] == pytest.approx([50, 150, 250])
    with pytest.raises(ConfigError, match="remove rate_hz"):
        read_arrays(tmp_path, arrays, spikes=spikes, time={"rate_hz": 10})


@pytest.mark.parametrize(
    ("stamps", "message"),
    [
        (738_000 + INDEX / 30 / 86_400, "2.59e[+]06 stamps a second, more than any recording"),
        (np.array(["2024-03-01", "2024-03-02Z"] * 300), "value 0 is '2024-03-01'"),
        (np.array(["0 days 00:00:00.5"] * 600), "neither numbers nor dates"),
    ],
)
def test_stamps_that_are_no_seconds(tmp_path: Path, stamps: np.ndarray, message: str) -> None:
    with pytest.raises(DataError, match=message):
        clocked(tmp_path, stamps)


def test_dates_of_two_zones_are_one_clock(tmp_path: Path) -> None:
    hours = np.array(["2024-03-01 01:00:00+01:00", "2024-03-01 00:00:01Z"])
    assert seconds(hours, "time", None, 1.0).tolist() == [1709251200.0, 1709251201.0]
