"""Pickles: lists and dicts of numbers, texts and arrays, in every protocol; tables of pandas."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest

from raylab.data.readers.formats.joblib import open_joblib
from raylab.data.readers.store import Store, left_out_of
from raylab.errors import DataError

LARGE = 2**60 + 1
RAGGED = [np.array([0.5, 1.5]), np.zeros(0), np.array([2.5])]


def opened(folder: Path, value: object, protocol: int = 4) -> Store:
    (folder / "a.pkl").write_bytes(pickle.dumps(value, protocol))
    return open_joblib(folder / "a.pkl")


@pytest.mark.parametrize(
    ("items", "values"),
    [
        ([np.int64(1), np.int64(2)], [1, 2]),
        ([np.float32(1.5), 2], [1.5, 2.0]),
        ([np.True_, np.False_], [True, False]),
        ([np.str_("go"), "stop", None], ["go", "stop", ""]),
        ([1, None], [1.0, np.nan]),
        ([LARGE, 1], [LARGE, 1]),
        ([LARGE, None], [str(LARGE), ""]),
        ([np.uint64(2**63), np.int64(1)], np.array([2**63, 1], np.uint64)),
        ([2**70, 1], [str(2**70), "1"]),
        ((1, 2.5), [1.0, 2.5]),
        ([[1, 2], [3, 4]], [[1, 2], [3, 4]]),
        ([True, None], [True, False]),
    ],
)
def test_a_list_of_numbers_or_texts_is_an_array(tmp_path: Path, items: Any, values: Any) -> None:
    joblib.dump({"c": items}, tmp_path / "a.jl")
    array = open_joblib(tmp_path / "a.jl").read("c")
    np.testing.assert_array_equal(array, np.array(values))
    assert array.dtype.kind == np.array(values).dtype.kind


@pytest.mark.parametrize("spikes", [RAGGED, [list(each) for each in RAGGED], tuple(RAGGED)])
def test_a_list_of_spike_times(tmp_path: Path, spikes: Any) -> None:
    joblib.dump({"spikes": spikes}, tmp_path / "a.jl")
    store = open_joblib(tmp_path / "a.jl")
    assert store.read("spikes").tolist() == [0.5, 1.5, 2.5]
    assert store.read("spikes/unit").tolist() == [0, 0, 2]
    assert store.read("spikes/unit_ids").tolist() == [0, 1, 2]
    assert store.read("spikes/2").tolist() == [2.5]


def test_spike_times_by_the_number_of_their_unit(tmp_path: Path) -> None:
    store = opened(tmp_path, {"spikes": {7: RAGGED[0], 3: RAGGED[1], 12: RAGGED[2]}})
    assert store.read("spikes/unit").tolist() == [7, 7, 12]
    assert store.read("spikes/unit_ids").tolist() == [7, 3, 12]
    assert store.read("spikes/12").tolist() == [2.5]


def test_a_dict_by_texts_is_a_folder_of_arrays(tmp_path: Path) -> None:
    store = opened(tmp_path, {"a": {"x": RAGGED[0], "y": RAGGED[2]}})
    assert store.names() == ["a/x", "a/y"]


def test_what_is_no_array_is_named(tmp_path: Path) -> None:
    store = opened(tmp_path, {"x": np.ones(2), "z": np.ones(2) * 1j, "n": None})
    assert store.names() == ["x"]
    assert left_out_of(store) == {
        "z": "an array of type complex128",
        "n": "an object of type NoneType",
    }


@pytest.mark.parametrize("protocol", range(6))
def test_every_protocol_is_read(tmp_path: Path, protocol: int) -> None:
    value = {"x": np.arange(6).reshape(3, 2), "empty": np.zeros(0), "n": np.float32(2), "b": b""}
    store = opened(tmp_path, value, protocol)
    assert store.read("x").tolist() == [[0, 1], [2, 3], [4, 5]]
    assert store.read("empty").shape == (0,)
    assert store.read("n") == 2


def test_arrays_of_python_2_are_read(tmp_path: Path) -> None:
    state = b"(lp0\nI1\nacnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR"
    state += b"(I1\n(I2\ntcnumpy\ndtype\n(S'u1'\nI0\nI1\ntR(I3\nS'|'\nNNNI-1\nI-1\nI0\ntb"
    state += b"I00\nS'\\xff\\x01'\ntba."
    (tmp_path / "a.pkl").write_bytes(state)
    assert open_joblib(tmp_path / "a.pkl").read("1").tolist() == [255, 1]


@pytest.mark.parametrize("alone", [True, False])
def test_a_table_of_pandas_has_a_line_that_converts_it(tmp_path: Path, alone: bool) -> None:
    table = pd.DataFrame({"x": [1, 2], "c": ["a", "b"]})
    with pytest.raises(DataError, match="holds a table of pandas") as error:
        opened(tmp_path, table if alone else {"d": table, "n": 1})
    line = error.value.remedy.partition('python -c "')[2].removesuffix('"')
    subprocess.run([sys.executable, "-c", line], cwd=tmp_path, check=True)
    target = "a.parquet" if alone else "a_d.parquet"
    assert pd.read_parquet(tmp_path / target)["c"].tolist() == ["a", "b"]
