"""Units that the file states beside its values are compared with those of the recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from raylab.data.readers.read import read_source
from raylab.data.readers.source import Source
from raylab.data.recipe import parse_recipe
from raylab.data.session import Session
from raylab.errors import DataError

T = 40


def read(folder: Path, units: dict[str, str], clock: dict[str, Any], **label: Any) -> Session:
    with h5py.File(folder / "a.h5", "w") as file:
        file["x"] = np.random.default_rng(0).normal(size=(T, 3))
        file["t"] = np.arange(T) * 0.1
        file["y"] = np.linspace(0, 5, T)
        for name, unit in units.items():
            file[name].attrs["units"] = unit
    value = {
        "format": "hdf5",
        "neural": {"path": "x", "kind": "calcium"},
        "time": clock,
        "labels": {"y": {"path": "y", **label}},
    }
    return read_source(Source(folder / "a.h5"), parse_recipe(value, "test"))


@pytest.mark.parametrize("unit", ["degrees", "deg", "Degrees "])
def test_degrees_are_not_read_as_radians(tmp_path: Path, unit: str) -> None:
    with pytest.raises(DataError, match=r"`labels\.y\.unit` is rad by default") as error:
        read(tmp_path, {"y": unit}, {"rate_hz": 10}, kind="circular")
    assert "`labels.y.unit: deg`, or `labels.y.unit: rad`" in error.value.remedy
    read(tmp_path, {"y": unit}, {"rate_hz": 10}, kind="circular", unit="deg")
    session = read(tmp_path, {"y": unit}, {"rate_hz": 10}, kind="circular", unit="rad")
    assert any("is in 'rad' by the recipe" in note for note in session.notes)


@pytest.mark.parametrize(
    ("recipe", "file", "differs"),
    [
        ("cm", "meters", True),
        ("cm/s", "m/s", True),
        ("cm", "centimeters", False),
        ("cm", "a.u.", False),
        ("cm", "degrees", False),
        ("cm/s", "cm", False),
    ],
)
def test_another_unit_of_one_dimension_is_noted(
    tmp_path: Path, recipe: str, file: str, differs: bool
) -> None:
    session = read(tmp_path, {"y": file}, {"rate_hz": 10}, kind="continuous", unit=recipe)
    note = f"Label 'y' is in '{recipe}' by the recipe, and in '{file}' by the file ('y')."
    assert (note in session.notes) == differs


def test_milliseconds_are_not_read_as_seconds(tmp_path: Path) -> None:
    label = {"kind": "continuous"}
    with pytest.raises(DataError, match=r"`time\.unit` is s by default, and the file states 'ms'"):
        read(tmp_path, {"t": "ms"}, {"path": "t"}, **label)
    assert read(tmp_path, {"t": "ms"}, {"path": "t", "unit": "ms"}, **label).rate_hz > 9000
    assert read(tmp_path, {"t": "seconds"}, {"path": "t"}, **label).rate_hz == pytest.approx(10)
    with pytest.raises(DataError, match=r"`labels\.y\.time_unit` is s by default"):
        read(tmp_path, {"t": "ms"}, {"rate_hz": 10}, **label, time="t")
    read(tmp_path, {"t": "ms"}, {"rate_hz": 10}, **label, time="t", time_unit="s")
