"""Columns of labels by name: of tables, companions and records."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from recipes import read, read_arrays

from raylab.errors import DataError

CLOCK = {"time": {"rate_hz": 10}}


def test_a_position_from_two_columns_of_a_table(tmp_path: Path) -> None:
    table = {"u1": [1, 2, 3], "x": [0.5, 1.5, 2.5], "y": [3, 2, 1], "left": [1, 0, 0]}
    pd.DataFrame(table | {"right": [0, 1, 0]}).to_csv(tmp_path / "a.csv", index=False)
    labels = {
        "place": {"columns": ["x", "y"], "kind": "continuous", "unit": "cm"},
        "height": {"column": "y", "kind": "continuous"},
        "side": {"columns": ["left", "right"], "kind": "discrete", "one_hot": True},
    }
    neural = {"path": "u1", "kind": "counts"}
    session = read(tmp_path / "a.csv", format="csv", neural=neural, labels=labels, **CLOCK)
    assert session.labels["place"].values.tolist() == [[0.5, 3], [1.5, 2], [2.5, 1]]
    assert session.labels["height"].values.tolist() == [[3], [2], [1]]
    assert session.labels["side"].classes == ("left", "right")
    assert session.labels["side"].values.tolist() == [0, 1, -1]


def test_columns_below_a_path(tmp_path: Path) -> None:
    arrays = {"n": np.ones((3, 2)), "track/x": [1.0, 2, 3], "track/way": ["in", "out", "in"]}
    labels = {
        "x": {"path": "track", "column": "x", "kind": "continuous"},
        "way": {"path": "track", "column": "way", "kind": "discrete"},
    }
    neural = {"path": "n", "kind": "counts"}
    session = read_arrays(tmp_path, arrays, neural=neural, labels=labels, **CLOCK)
    assert session.labels["x"].values[:, 0].tolist() == [1, 2, 3]
    assert session.labels["way"].classes == ("in", "out")
    labels["x"]["column"] = "y"
    with pytest.raises(DataError, match=r"`labels\.x\.columns` names 'track/y', which"):
        read_arrays(tmp_path, arrays, neural=neural, labels=labels, **CLOCK)


def test_columns_of_a_companion(tmp_path: Path) -> None:
    np.savez(tmp_path / "a_data.npz", n=np.ones((3, 2)))
    np.savez(tmp_path / "a_pos.npz", x=[1.0, 2, 3], y=[4.0, 5, 6], short=[1.0])
    labels = {"place": {"path": "pos:", "columns": ["x", "y"], "kind": "continuous"}}
    keys = {
        "format": "npz",
        "files": "*_data.npz",
        "companions": {"pos": "*_pos.npz"},
        "neural": {"path": "n", "kind": "counts"},
        **CLOCK,
    }
    session = read(tmp_path / "a_data.npz", **keys, labels=labels)
    assert session.labels["place"].values.tolist() == [[1, 4], [2, 5], [3, 6]]
    labels["place"]["path"] = "pos"
    session = read(tmp_path / "a_data.npz", **keys, labels=labels)
    assert session.labels["place"].values.tolist() == [[1, 4], [2, 5], [3, 6]]
    labels["place"]["columns"] = ["x", "short"]
    with pytest.raises(DataError, match="'x' has 3, 'short' has 1"):
        read(tmp_path / "a_data.npz", **keys, labels=labels)


def test_fields_of_records(tmp_path: Path) -> None:
    records = np.array([(1.0, 7), (2.0, 8), (3.0, 9)], [("x", float), ("trial", int)])
    labels = {"trial": {"path": "track", "column": "trial", "kind": "discrete"}}
    neural = {"path": "n", "kind": "counts"}
    arrays = {"n": np.ones((3, 2)), "track": records}
    session = read_arrays(tmp_path, arrays, neural=neural, labels=labels, **CLOCK)
    assert session.labels["trial"].classes == ("7", "8", "9")


def test_ids_of_several_arrays_stay_apart(tmp_path: Path) -> None:
    """int64 and uint64 have no common type but float64, in which these ids would be one."""
    big = 2**63 - 1
    arrays = {"n": np.random.default_rng(0).normal(size=(4, 2))}
    arrays |= {"id1": np.array([big, big - 1]), "id2": np.array([big, big + 1], np.uint64)}
    labels = {"id": {"path": "id*", "kind": "discrete"}}
    neural = {"path": "n", "kind": "rate"}
    label = read_arrays(tmp_path, arrays, neural=neural, labels=labels, **CLOCK).labels["id"]
    assert [label.classes[code] for code in label.values] == [
        str(each) for each in (big, big - 1, big, big + 1)
    ]
