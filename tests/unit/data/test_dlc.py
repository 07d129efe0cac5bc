"""Tracked points of DeepLabCut."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest

from raylab.data.readers.read import read_source
from raylab.data.readers.sources import list_sources
from raylab.data.readers.tables.dlc import DlcOptions, open_dlc
from raylab.data.recipe import parse_recipe
from raylab.errors import DataError

AXES = ["x", "y", "likelihood"]
VALUES = np.array(
    [
        [1.0, 2.0, 0.95, 3.0, 4.0, 0.5],
        [5.0, 6.0, 0.5, 7.0, 8.0, 0.99],
        [9.0, 0.0, 1.0, 1.0, 2.0, 1.0],
    ]
)


def frame(*, individuals: tuple[str, ...] = ()) -> pd.DataFrame:
    levels = [["DLC_net"], *([list(individuals)] if individuals else []), ["nose", "tail"], AXES]
    names = ["scorer", *(["individuals"] if individuals else []), "bodyparts", "coords"]
    values = np.concatenate([VALUES + 10 * k for k in range(max(len(individuals), 1))], axis=1)
    return pd.DataFrame(values, columns=pd.MultiIndex.from_product(levels, names=names))


def write(path: Path, table: pd.DataFrame, kind: str) -> Path:
    if kind == "csv":
        table.to_csv(path)
    else:
        pytest.importorskip("tables")
        table.to_hdf(path, key="df_with_missing", mode="w", format=kind)
    return path


@pytest.mark.parametrize("kind", ["csv", "table", "fixed"])
def test_points_are_arrays(tmp_path: Path, kind: str) -> None:
    store = open_dlc(write(tmp_path / "a.dat", frame(), kind), DlcOptions())
    assert store.read("nose").tolist() == VALUES[:, :2].tolist()
    assert store.read("tail/y").tolist() == VALUES[:, 4].tolist()
    assert store.read("tail/likelihood").tolist() == VALUES[:, 5].tolist()
    assert store.read("frame").tolist() == [0, 1, 2]


@pytest.mark.parametrize("kind", ["csv", "table", "fixed"])
def test_points_of_several_animals(tmp_path: Path, kind: str) -> None:
    table = frame(individuals=("m1", "m2"))
    store = open_dlc(write(tmp_path / "a.dat", table, kind), DlcOptions())
    assert store.read("m1/nose").tolist() == VALUES[:, :2].tolist()
    assert store.read("m2/tail/x").tolist() == (VALUES[:, 3] + 10).tolist()


@pytest.mark.parametrize("kind", ["csv", "table"])
def test_unlikely_points_have_no_place(tmp_path: Path, kind: str) -> None:
    store = open_dlc(write(tmp_path / "a.dat", frame(), kind), DlcOptions(likelihood=0.9))
    np.testing.assert_array_equal(store.read("nose"), [[1, 2], [np.nan, np.nan], [9, 0]])
    np.testing.assert_array_equal(store.read("tail/x"), [np.nan, 7, 1])


def test_points_are_a_companion(tmp_path: Path) -> None:
    np.save(tmp_path / "m1_dff.npy", np.random.default_rng(0).normal(size=(3, 2)))
    write(tmp_path / "m1DLC_net.csv", frame(), "csv")
    camera = {"file": "*DLC_net.csv", "format": "dlc", "likelihood": 0.9}
    value: dict[str, Any] = {
        "format": "npy",
        "files": "*_dff.npy",
        "companions": {"camera": camera},
        "neural": {"path": "array", "kind": "calcium"},
        "time": {"rate_hz": 30},
        "labels": {"nose": {"path": "camera:nose", "kind": "continuous", "unit": "px"}},
    }
    recipe = parse_recipe(value, "test")
    session = read_source(list_sources(tmp_path, recipe)[0], recipe)
    np.testing.assert_array_equal(session.labels["nose"].values, [[1, 2], [np.nan, np.nan], [9, 0]])


def test_missing_points_of_labelled_frames(tmp_path: Path) -> None:
    table = frame()
    table.iloc[1] = np.nan
    index = [("labeled-data", "video", f"img{k}.png") for k in range(3)]
    table.index = pd.MultiIndex.from_tuples(index)
    store = open_dlc(write(tmp_path / "a.csv", table, "csv"), DlcOptions())
    np.testing.assert_array_equal(store.read("nose"), [[1, 2], [np.nan, np.nan], [9, 0]])
    assert "frame" not in store.names()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "is no table of DeepLabCut"),
        ("scorer,S,S\nbodyparts,n,n\ncoords,x,y\n", "has no rows"),
        ("scorer,S,S\nbodyparts,n,n\ncoords,x,y\n0,1,oops\n", "column n/y holds 'oops'"),
        ("scorer,S,S\nbodyparts,n,n\ncoords,x,x\n0,1,2\n", "exists twice"),
        ("scorer,S,R\nbodyparts,n,n\ncoords,x,y\n0,1,2\n", "points of 2 scorers"),
        ("scorer,S\nbodyparts,n\ncoords,x\n0,1\n", "is no table of DeepLabCut"),
    ],
)
def test_what_is_no_table_of_points(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        open_dlc(tmp_path / "a.csv", DlcOptions())


class Hostile:
    def __reduce__(self) -> Any:
        return os.system, ("touch ran",)


def test_a_pickle_in_a_table_is_not_run(tmp_path: Path) -> None:
    path = write(tmp_path / "a.h5", frame(), "table")
    with h5py.File(path, "r+") as file:
        hostile = np.bytes_(pickle.dumps([Hostile()], 0))
        file["df_with_missing/table"].attrs["values_block_0_kind"] = hostile
    with pytest.raises(DataError, match=r"blocked (posix|nt)\.system"):
        open_dlc(path, DlcOptions())
