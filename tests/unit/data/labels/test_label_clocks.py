"""Labels on clocks of their own: classes are picked by index and never become numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recipes import read_arrays

from raylab.data.readers.parts.align import rebin
from raylab.data.recipe import parse_recipe
from raylab.data.session import Label, Session
from raylab.errors import ConfigError, DataError

BIG = 20230415123456789  # beyond 2^53
COUNTS: dict[str, Any] = {"neural": {"path": "x", "kind": "counts"}, "time": {"rate_hz": 10}}


def read(folder: Path, label: dict[str, Any], samples: int = 6, **arrays: Any) -> Session:
    arrays = {"x": np.ones((samples, 2)), **arrays}
    return read_arrays(folder, arrays, **COUNTS, labels={"y": {"path": "y", **label}})


@pytest.mark.parametrize(
    ("raw", "classes"),
    [
        (np.array([BIG, BIG + 1, BIG + 2]), [str(BIG), str(BIG + 1), str(BIG + 2)]),
        (np.array([2**63, 2**63 + 1, 3], np.uint64), ["3", str(2**63), str(2**63 + 1)]),
        (np.array(["rest", "left", "right"]), ["left", "rest", "right"]),
        (np.array([b"rest", b"left", b"right"]), ["left", "rest", "right"]),
    ],
)
def test_classes_at_their_nearest_stamp(tmp_path: Path, raw: np.ndarray, classes: Any) -> None:
    session = read(tmp_path, {"kind": "discrete", "time": "at"}, y=raw, at=[0.0, 0.21, 0.42])
    label = session.labels["y"]
    assert list(label.classes) == classes
    rows = [0, 0, 1, 1, 2, 2]
    assert [label.classes[code] for code in label.values] == [
        Label.discrete(raw[[row]]).classes[0] for row in rows
    ]


def test_classes_that_no_sample_shows_and_missing_ones(tmp_path: Path) -> None:
    label = {"kind": "discrete", "time": "at", "missing": BIG}
    raw, at = [BIG, BIG + 1, BIG + 2, BIG + 3], [0.0, 0.22, 0.4, 9.0]
    values = read(tmp_path, label, y=np.array(raw), at=at).labels["y"]
    assert values.classes == (str(BIG + 1), str(BIG + 2))
    assert values.values.tolist() == [-1, -1, 0, 0, 1, 1]


def test_a_regular_clock_without_stamps(tmp_path: Path) -> None:
    """A camera of 60 Hz beside imaging of 10 Hz, switched on 0.1 s later."""
    camera = np.arange(30) / 60 + 0.1
    label = {"kind": "continuous", "rate_hz": 60, "start_s": 0.1}
    session = read(tmp_path, label, y=camera * 2)
    np.testing.assert_allclose(
        session.labels["y"].values[:, 0], [np.nan, 0.2, 0.4, 0.6, 0.8, 1.0], atol=1e-12
    )
    same = read(tmp_path, {"kind": "discrete", "rate_hz": 10}, y=np.arange(6) + BIG)
    assert same.labels["y"].classes == tuple(str(BIG + row) for row in range(6))


def test_stamps_in_a_unit_of_their_own(tmp_path: Path) -> None:
    label = {"kind": "continuous", "time": "at", "time_unit": "ms"}
    session = read(tmp_path, label, y=np.arange(6.0), at=np.arange(6) * 100)
    np.testing.assert_allclose(session.labels["y"].values[:, 0], np.arange(6))
    late = read(
        tmp_path, {**label, "time_unit": "s"}, y=np.arange(6.0), at=np.arange(6) * 100 + 900
    )
    assert not late.labels["y"].labelled.any()
    assert late.notes == (
        "No sample has a value of `labels.y`: its clock goes from 900 to 1400 s, the recording "
        "from 0 to 0.5 s.",
    )


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ({"time": "at", "rate_hz": 60}, "`time` or `rate_hz`, not both"),
        ({"start_s": 1.0}, "`start_s` needs `rate_hz`"),
        ({"time_unit": "ms"}, "`time_unit` needs `time`"),
        ({"period": 100}, "`period` needs `kind: circular`"),
        ({"kind": "circular", "unit": "deg", "period": 360}, "no angle"),
        ({"kind": "circular", "unit": "cm"}, "it needs `period`"),
        ({"columns": [0, "b"]}, "numbers or names, not both"),
        ({"path": ""}, "needs `path`"),
    ],
)
def test_keys_that_contradict_each_other(label: dict[str, Any], message: str) -> None:
    value = {
        "format": "npz",
        **COUNTS,
        "labels": {"y": {"path": "y", "kind": "continuous"} | label},
    }
    with pytest.raises(ConfigError, match=message):
        parse_recipe(value, "test")


def test_trials_have_no_common_clock(tmp_path: Path) -> None:
    spikes = {"times": "t", "units": "u", "trials": "k", "window": [0, 1], "bin_s": 0.5}
    arrays = {"t": [0.2, 0.7], "u": [0, 1], "k": [0, 1], "y": [1.0, 2.0], "at": [0.0, 1.0]}
    labels = {"y": {"path": "y", "kind": "continuous", "time": "at"}}
    with pytest.raises(DataError, match="no common clock"):
        read_arrays(tmp_path, arrays, spikes=spikes, labels=labels)


@pytest.mark.parametrize(
    ("raw", "angles"),
    [
        ([0, 25, 100, 150, -25], [0, 0.5, 0, 1, 1.5]),
        (np.array([0, 25, 100, 150, 200], np.uint8), [0, 0.5, 0, 1, 0]),
        ([-1e-18, 99.999999999999, np.nan, 50, 1e4], [0, 2, np.nan, 1, 0]),
    ],
)
def test_a_period_folds_values_onto_the_circle(tmp_path: Path, raw: Any, angles: Any) -> None:
    label = {"kind": "circular", "unit": "cm", "period": 100}
    track = read(tmp_path, label, samples=5, y=np.array(raw)).labels["y"]
    assert track.unit == "rad"
    values = track.values[:, 0]
    np.testing.assert_allclose(values, np.array(angles) * np.pi, atol=1e-12)
    assert not (values >= 2 * np.pi).any()


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.int16, np.float16])
def test_degrees_of_small_types_are_exact(tmp_path: Path, kind: Any) -> None:
    label = {"kind": "circular", "unit": "deg"}
    values = read(tmp_path, label, samples=3, y=np.array([0, 33, 90], kind)).labels["y"].values
    np.testing.assert_allclose(values[:, 0], np.deg2rad([0.0, 33.0, 90.0]), rtol=1e-15)


def test_bins_take_the_most_frequent_class_by_code(tmp_path: Path) -> None:
    raw = np.array([BIG, BIG + 1, BIG + 1, BIG + 3, BIG + 2, BIG + 3])
    session = read(tmp_path, {"kind": "discrete", "missing": BIG + 3}, y=raw)
    label = rebin(session, 3).labels["y"]
    assert [label.classes[code] for code in label.values] == [str(BIG + 1), str(BIG + 2)]


def test_degrees_on_a_clock_of_their_own_are_not_folded_in_silence(tmp_path: Path) -> None:
    """Interpolation folds angles onto the circle, so they are checked before it."""
    degrees = np.arange(0, 720, 7.0) % 360
    label = {"kind": "circular", "rate_hz": 100}
    with pytest.raises(DataError, match="beyond the circle") as error:
        read(tmp_path, label, samples=10, y=degrees)
    assert "`labels.y.unit: deg`" in error.value.remedy
    read(tmp_path, {**label, "unit": "deg"}, samples=10, y=degrees)


def test_a_label_that_lasts_far_longer_is_said(tmp_path: Path) -> None:
    at = np.arange(0, 1000.0, 100)
    label = {"kind": "continuous", "time": "at"}
    notes = read(tmp_path, label, y=at, at=at).notes
    assert any("lasts 1.8e+03 times as long as the recording" in note for note in notes)
