"""Clocks in another unit of time are noted by the rates that they give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.recipes import read_arrays

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(400, 3))


def notes(folder: Path, arrays: dict[str, Any], **keys: Any) -> str:
    return " ".join(read_arrays(folder, arrays, **keys).notes)


@pytest.mark.parametrize(
    ("rate_hz", "is_odd"), [(30, False), (1.5, False), (0.02, True), (1000, False), (20_000, True)]
)
def test_a_sampling_rate_of_no_microscope(tmp_path: Path, rate_hz: float, is_odd: bool) -> None:
    keys = {"neural": {"path": "x", "kind": "calcium"}, "time": {"rate_hz": rate_hz}}
    assert ("is the time in seconds?" in notes(tmp_path, {"x": X}, **keys)) is is_odd


@pytest.mark.parametrize(("tick", "is_odd"), [({"tick_s": 1e-3}, False), ({}, True)])
def test_spike_times_in_milliseconds(tmp_path: Path, tick: dict[str, float], is_odd: bool) -> None:
    arrays = {"t": np.sort(RANDOM.uniform(0, 100_000, 2000)), "u": np.arange(2000) % 10}
    keys = {"spikes": {"times": "t", "units": "u", "bin_s": 0.1, **tick}}
    assert ("are the spike times in seconds?" in notes(tmp_path, arrays, **keys)) is is_odd


@pytest.mark.parametrize(("unit", "is_odd"), [("ms", False), ("s", True)])
def test_a_label_in_milliseconds_on_a_part_of_the_recording(
    tmp_path: Path, unit: str, is_odd: bool
) -> None:
    stamps = np.arange(0, 20_000, 50.0)  # 20 of 40 s
    arrays = {"x": X, "y": np.sin(stamps), "t": stamps}
    label = {"path": "y", "kind": "continuous", "time": "t", "time_unit": unit}
    keys = {"neural": {"path": "x", "kind": "calcium"}, "time": {"rate_hz": 10}}
    text = notes(tmp_path, arrays, labels={"y": label}, **keys)
    assert ("`labels.y" in text) is is_odd
