"""Columns of units stay with their units, whatever the units' order and the columns' types."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from raylab.data.dataset import Dataset
from raylab.data.prepare import prepare
from tests.support.recipes import read_arrays

TIMES = np.arange(60) / 20
UNITS = np.array([3, 21, 5])[np.arange(60) % 3]
SPIKES = {"times": "t", "units": "u", "bin_s": 0.25}


def test_kept_units_without_spikes_do_not_shift_the_columns(tmp_path: Path) -> None:
    arrays = {"t": TIMES, "u": UNITS, "depth": np.array([30.0, 50, 100, 210])}  # of 3, 5, 10, 21
    spikes = {**SPIKES, "keep": [21, 10, 3, 5]}
    session = read_arrays(tmp_path, arrays, spikes=spikes, units={"depth": "depth"})
    assert session.units["id"].tolist() == [21, 10, 3, 5]
    assert session.units["depth"].tolist() == [210, 100, 30, 50]


def test_the_list_of_all_units_needs_no_group(tmp_path: Path) -> None:
    depth = np.array([210.0, 100, 30, 50])
    arrays = {"t": TIMES, "u": UNITS, "unit_ids": np.array([21, 10, 3, 5]), "depth": depth}
    session = read_arrays(tmp_path, arrays, spikes=SPIKES, units={"depth": "depth"})
    assert session.units["id"].tolist() == [21, 10, 3, 5]
    assert session.units["depth"].tolist() == depth.tolist()
    assert session.neural.sum(0).tolist() == [20, 0, 20, 20]


@pytest.mark.parametrize(
    ("spikes", "ids", "depths"),
    [({"keep": "table/group=good"}, [21, 3], [210, 30]), ({}, [21, 5, 3], [210, 50, 30])],
)
def test_a_table_of_units_states_its_order(
    tmp_path: Path, spikes: dict[str, str], ids: list[int], depths: list[int]
) -> None:
    arrays = {
        "t": TIMES,
        "u": UNITS,
        "table/unit_ids": np.array([21, 5, 3]),
        "table/group": np.array(["good", "mua", "good"]),
        "table/depth": np.array([210, 50, 30]),
    }
    units = {"depth": "table/depth"}
    session = read_arrays(tmp_path, arrays, spikes={**SPIKES, **spikes}, units=units)
    assert session.units["id"].tolist() == ids
    assert session.units["depth"].tolist() == depths


@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "u8", "i2", "f2", "?"])
def test_columns_of_every_type_are_stored(tmp_path: Path, dtype: str) -> None:
    column = np.array([1, 0]).astype(dtype)
    if dtype == "u8":
        column += np.uint64(2**63)
    np.savez(tmp_path / "a.npz", x=np.arange(40.0).reshape(20, 2) % 7, ch=column, name=["a", "b"])
    recipe = {
        "format": "npz",
        "neural": {"path": "x", "kind": "rate"},
        "time": {"rate_hz": 10},
        "units": {"ch": "ch", "name": "name"},
    }
    entry = prepare(tmp_path / "a.npz", recipe=recipe, out=tmp_path / "ds").dataset.manifest
    stored = Dataset(tmp_path / "ds").open("a").units["ch"]
    assert stored.dtype == column.dtype
    assert stored.tolist() == column.tolist()
    note = "The column 'name' of the units does not hold numbers, so it is not stored."
    assert note in entry["sessions"][0]["notes"]
