"""Which units of the activity are taken, and whether float32 holds their values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest

from raylab.data.readers.read import read_source
from raylab.data.readers.source import Source
from raylab.data.recipe import parse_recipe
from raylab.data.session import Session
from raylab.errors import ConfigError, DataError
from tests.support.recipes import read_arrays

X = np.arange(20.0).reshape(4, 5)
ARRAYS: dict[str, Any] = {
    "x": X,
    "bool": np.array([0, 1, 0, 1, 0], bool),
    "binary": np.array([[0.0, 1, 0, 1, 0]]),
    "iscell": np.stack([[0, 1, 0, 1, 0], np.linspace(0, 1, 5)], axis=1),
    "rows": np.array([1, 3]),
    "floats": np.array([[1.0], [3.0]]),
    "short": np.array([True, False]),
    "half": np.array([0.5, 1]),
    "none": np.zeros(5),
    "depth": np.arange(5) * 100,
}


def chosen(folder: Path, units: Any, **neural: Any) -> Session:
    return read_arrays(
        folder,
        ARRAYS,
        neural={"path": "x", "kind": "rate", "units": units, **neural},
        time={"rate_hz": 10},
        units={"depth": "depth"},
    )


@pytest.mark.parametrize("units", ["bool", "binary", "iscell", "rows", "floats", [1, 3]])
def test_units_are_chosen_by_masks_and_rows(tmp_path: Path, units: Any) -> None:
    session = chosen(tmp_path, units)
    np.testing.assert_array_equal(session.neural, X[:, [1, 3]])
    assert session.units["depth"].tolist() == [100, 300]
    assert "2 of 5 units were chosen by `neural.units`." in session.notes


@pytest.mark.parametrize(
    ("units", "message"),
    [
        ("short", "names a mask of 2 units, there are 5"),
        ("half", "neither a mask of 5 units nor row numbers"),
        ("none", "chooses no unit of 5"),
        ([1, 5], "names unit 5, there are 5"),
        ([1, 1], "names unit 1 twice"),
        ("absent", "does not have"),
    ],
)
def test_wrong_choices_are_named(tmp_path: Path, units: Any, message: str) -> None:
    with pytest.raises(DataError, match=message) as error:
        chosen(tmp_path, units)
    assert "neural.units" in error.value.what


def test_masks_in_the_recipe_are_row_numbers_only(tmp_path: Path) -> None:
    for units in ([True, False], [-1]):
        with pytest.raises(ConfigError, match=r"neural\.units"):
            chosen(tmp_path, units)


def test_units_of_one_vector_each(tmp_path: Path) -> None:
    arrays = {f"unit{unit}": np.full(4, float(unit)) for unit in range(12)}
    session = read_arrays(
        tmp_path,
        arrays,
        neural={"path": "unit*", "kind": "rate", "units": [10, 2]},
        time={"rate_hz": 10},
    )
    assert session.units["id"].tolist() == ["unit10", "unit2"]
    assert session.neural[0].tolist() == [10, 2]


def stored(folder: Path, x: Any, kind: str = "calcium") -> Session:
    return read_arrays(folder, {"x": x}, neural={"path": "x", "kind": kind}, time={"rate_hz": 10})


def test_variation_that_float32_loses_is_refused(tmp_path: Path) -> None:
    small = np.random.default_rng(0).normal(size=(50, 2))
    for offset in (1e9, 10**9):
        x = (small * 10 + offset).astype(np.int64 if isinstance(offset, int) else np.float64)
        with pytest.raises(DataError, match=r"unit 0 varies by .* around 1e"):
            stored(tmp_path, x)
    with pytest.raises(DataError, match=r"unit 0 varies by"):
        stored(tmp_path, np.arange(10, dtype=np.uint64).reshape(5, 2) + 2**63)
    assert np.std(stored(tmp_path, small + 1000).neural) == pytest.approx(np.std(small), rel=1e-3)
    assert (stored(tmp_path, np.full((5, 1), 1e9)).neural == 1e9).all()
    constant = np.full((5, 1), 0.1) + np.arange(5)[:, None] * 1e-17
    assert len(np.unique(stored(tmp_path, constant).neural)) == 1


def test_values_that_float32_does_not_hold_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"goes to 1e\+300, beyond"):
        stored(tmp_path, np.array([[1.0], [1e300]]))
    with pytest.raises(DataError, match="has a count of 16777217, beyond"):
        stored(tmp_path, np.array([[0], [2**24 + 1]]), kind="counts")
    with pytest.raises(DataError, match="of type complex128"):
        stored(tmp_path, np.ones((3, 1), complex))
    assert stored(tmp_path, np.array([[True], [False]]), "counts").neural.tolist() == [[1], [0]]


def test_infinite_values_follow_the_rule_of_nan(tmp_path: Path) -> None:
    x = np.arange(8.0).reshape(4, 2)
    x[1, 0] = np.inf
    with pytest.raises(DataError, match="1 NaN or infinite"):
        stored(tmp_path, x)
    keys: dict[str, Any] = {"time": {"rate_hz": 10}}
    neural = {"path": "x", "kind": "rate", "nan": "interpolate"}
    assert read_arrays(tmp_path, {"x": x}, neural=neural, **keys).neural[1, 0] == 2


def test_a_list_of_arrays_is_no_array(tmp_path: Path) -> None:
    """Its values are joined for spike times; as activity they would be one unit."""
    joblib.dump({"x": [np.arange(5.0), np.arange(5.0)]}, tmp_path / "a.jl")
    recipe = {"format": "joblib", "time": {"rate_hz": 10}}

    def traces(path: str) -> Session:
        value = {**recipe, "neural": {"path": path, "kind": "rate"}}
        return read_source(Source(tmp_path / "a.jl"), parse_recipe(value, "test"))

    assert traces("x/*").neural.shape == (5, 2)
    with pytest.raises(DataError, match="'x' is a list of arrays") as error:
        traces("x")
    assert "`neural.path: x/*`" in error.value.remedy
