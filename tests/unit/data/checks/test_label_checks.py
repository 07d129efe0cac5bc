"""What looks wrong in labels is refused, or said in a note."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from raylab.errors import DataError
from tests.support.recipes import read_arrays

SAMPLES = 400
RANDOM = np.random.default_rng(2)
X = RANDOM.normal(size=(SAMPLES, 4))
TURNING = np.cumsum(0.1 + 0.05 * RANDOM.random(SAMPLES))  # radians, 8 turns
WRAPPED = np.mod(TURNING, 2 * np.pi)


def notes_of(folder: Path, values: Any, **label: Any) -> str:
    keys = {
        "neural": {"path": "x", "kind": "rate"},
        "time": {"rate_hz": 10},
        "labels": {"y": {"path": "y", **label}},
    }
    return " ".join(read_arrays(folder, {"x": X, "y": values}, **keys).notes)


@pytest.mark.parametrize(
    ("angles", "unit"),
    [
        (WRAPPED, "rad"),
        (WRAPPED - np.pi, ""),
        (np.round(WRAPPED, 2), "rad"),
        (np.rad2deg(WRAPPED), "deg"),
        (np.rad2deg(WRAPPED) - 180, "deg"),
        (np.floor(np.rad2deg(WRAPPED)), "deg"),
    ],
)
def test_angles_that_fit(tmp_path: Path, angles: np.ndarray, unit: str) -> None:
    assert notes_of(tmp_path, angles, kind="circular", unit=unit) == ""


@pytest.mark.parametrize("unit", ["", "rad"])
@pytest.mark.parametrize(
    "angles", [np.rad2deg(WRAPPED), np.rad2deg(WRAPPED) - 180, RANDOM.uniform(0, 360, SAMPLES)]
)
def test_degrees_that_are_stated_to_be_radians(
    tmp_path: Path, angles: np.ndarray, unit: str
) -> None:
    with pytest.raises(DataError, match="beyond the circle") as error:
        notes_of(tmp_path, angles, kind="circular", unit=unit)
    assert "`labels.y.unit: deg`" in error.value.remedy


def test_radians_that_are_stated_to_be_degrees(tmp_path: Path) -> None:
    notes = notes_of(tmp_path, WRAPPED, kind="circular", unit="deg")
    assert "are they radians?" in notes


@pytest.mark.parametrize(("unit", "factor"), [("rad", 1.0), ("deg", 180 / np.pi)])
def test_angles_that_count_turns(tmp_path: Path, unit: str, factor: float) -> None:
    notes = notes_of(tmp_path, TURNING * factor, kind="circular", unit=unit)
    assert notes.startswith("Label 'y' goes round the circle 7.89 times")
    if unit == "rad":
        with pytest.raises(DataError, match="beyond the circle"):
            notes_of(tmp_path, TURNING, kind="circular")


def test_a_share_of_the_circle(tmp_path: Path) -> None:
    assert "`labels.y.period: 1`" in notes_of(tmp_path, WRAPPED / (2 * np.pi), kind="circular")


def test_labels_without_values(tmp_path: Path) -> None:
    some = np.where(np.arange(SAMPLES) < 8, X[:, 0], np.nan)
    assert notes_of(tmp_path, some, kind="continuous") == (
        "Label 'y' has a value on 0.02 of the samples."
    )
    none = np.full(SAMPLES, np.nan)
    assert notes_of(tmp_path, none, kind="continuous") == "Label 'y' has no value at all."


def test_a_number_that_is_declared_discrete(tmp_path: Path) -> None:
    assert "400 classes on 400 samples" in notes_of(tmp_path, TURNING, kind="discrete")
    assert notes_of(tmp_path, np.arange(SAMPLES) // 4, kind="discrete") == ""


def test_classes_that_are_declared_continuous(tmp_path: Path) -> None:
    classes = np.arange(SAMPLES) % 3
    assert notes_of(tmp_path, classes, kind="continuous") == (
        "Label 'y' has no values but 0, 1, 2: is it discrete?"
    )
    assert notes_of(tmp_path, classes, kind="continuous", unit="m") == ""
    assert notes_of(tmp_path, classes, kind="discrete") == ""


def test_labels_that_have_one_value(tmp_path: Path) -> None:
    constant = np.full(SAMPLES, 0.3) * (1 + 1e-15 * np.arange(SAMPLES))
    assert notes_of(tmp_path, constant, kind="continuous", unit="m") == (
        "Label 'y' is 0.3 m in all samples that have a value."
    )
    assert "is '4' in all samples" in notes_of(tmp_path, np.full(SAMPLES, 4), kind="discrete")
    columns = np.stack([constant, TURNING, constant], axis=1)
    assert notes_of(tmp_path, columns, kind="continuous") == (
        "Label 'y' never varies in columns 0 and 2."
    )


@pytest.mark.parametrize(("factor", "shown"), [(1e3, "1000"), (1e6, "1e+06"), (1 / 60, "1/60")])
def test_a_clock_in_another_unit(tmp_path: Path, factor: float, shown: str) -> None:
    at = np.linspace(0.1, 39.9, 300) * factor
    label = {"path": "y", "kind": "continuous", "time": "at"}
    keys = {
        "neural": {"path": "x", "kind": "rate"},
        "time": {"rate_hz": 10},
        "labels": {"y": label},
    }
    arrays = {"x": X, "y": TURNING[:300], "at": at}
    with pytest.raises(DataError, match=f"{re.escape(shown)} times as long") as error:
        read_arrays(tmp_path, arrays, **keys)
    assert "`labels.y.time_unit`" in error.value.remedy
    long = {**arrays, "y": np.sin(np.arange(3000)), "at": np.linspace(-50, 300, 3000)}
    assert read_arrays(tmp_path, long, **keys).notes == ()  # behaviour was recorded for longer
    half = {**arrays, "at": np.linspace(0, 12, 300)}
    assert read_arrays(tmp_path, half, **keys).notes == (
        "Label 'y' has a value on 0.3 of the samples.",
    )
