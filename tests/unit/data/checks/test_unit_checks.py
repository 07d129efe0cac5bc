"""A clock or a label among the units is refused: it would give the answer away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from raylab.errors import DataError
from tests.support.recipes import read_arrays

SAMPLES = 150
RANDOM = np.random.default_rng(1)
RATES = RANDOM.normal(size=(SAMPLES, 3))
TIME = np.arange(SAMPLES) / 10
SPEED = np.abs(RANDOM.normal(size=SAMPLES))
ANGLE = RANDOM.uniform(0, 2 * np.pi, SAMPLES)
SIDE = RANDOM.integers(3, 7, SAMPLES)
LABELS = {
    "speed": {"path": "speed", "kind": "continuous", "unit": "cm/s"},
    "angle": {"path": "angle", "kind": "circular", "unit": "rad"},
    "side": {"path": "side", "kind": "discrete"},
}


def read(folder: Path, x: Any, **keys: Any) -> tuple[str, ...]:
    arrays = {"x": x, "t": TIME, "speed": SPEED, "angle": ANGLE, "side": SIDE}
    stated = {
        "neural": {"path": "x", "kind": "rate"},
        "time": {"path": "t"},
        "labels": LABELS,
    }
    return read_arrays(folder, arrays, **{**stated, **keys}).notes


def test_units_that_are_units(tmp_path: Path) -> None:
    assert read(tmp_path, RATES) == ()


@pytest.mark.parametrize(
    "clock",
    [TIME, TIME * 1e3 + 1.5e6, np.arange(SAMPLES), -TIME],
    ids=["s", "ms", "frames", "down"],
)
def test_a_column_that_is_the_clock(tmp_path: Path, clock: np.ndarray) -> None:
    with pytest.raises(DataError, match="unit 0 of the activity is the clock"):
        read(tmp_path, np.column_stack([clock, RATES]))


def test_a_counter_is_noted(tmp_path: Path) -> None:
    licks = np.cumsum(1 + RANDOM.poisson(1.0, SAMPLES))
    notes = read(tmp_path, np.column_stack([RATES, licks]))
    assert notes == (
        "Unit 3 changes in one direction from the first sample to the last: is it a clock or a "
        "counter?",
    )


@pytest.mark.parametrize(
    ("column", "name"),
    [(SPEED, "speed"), (ANGLE, "angle"), (np.rad2deg(ANGLE), "angle"), (SIDE, "side")],
    ids=["continuous", "radians", "degrees", "classes"],
)
def test_a_column_that_is_a_label(tmp_path: Path, column: np.ndarray, name: str) -> None:
    with pytest.raises(DataError, match=f"unit 3 of the activity has the values of label '{name}'"):
        read(tmp_path, np.column_stack([RATES, column]))


@pytest.mark.parametrize(("taken", "key"), [("t", "time"), ("speed", "labels.speed")])
def test_a_pattern_that_takes_in_the_clock_or_a_label(tmp_path: Path, taken: str, key: str) -> None:
    arrays = {"t": TIME, "speed": SPEED, "unit1": RATES[:, 0], "unit2": RATES[:, 1]}
    keys = {
        "neural": {"path": f"[u{taken[0]}]*", "kind": "rate"},
        "time": {"path": "t"},
        "labels": {"speed": LABELS["speed"]},
    }
    with pytest.raises(DataError, match=f"takes in '{taken}', which is `{key}.path`"):
        read_arrays(tmp_path, arrays, **keys)
