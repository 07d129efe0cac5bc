"""Parquet tables: the values of columns of every type."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from raylab.data.readers.read import read_source
from raylab.data.readers.source import Source
from raylab.data.readers.tables.parquet import ParquetStore
from raylab.data.recipe import parse_recipe
from raylab.errors import DataError

LARGE = 2**60 + 1


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (pa.array([LARGE, LARGE - 1]), [LARGE, LARGE - 1]),
        (pa.array([LARGE, None]), [str(LARGE), ""]),
        (pa.array([1, None]), [1.0, np.nan]),
        (pa.array([2**64 - 1, 0], pa.uint64()), np.array([2**64 - 1, 0], np.uint64)),
        (pa.array([True, None]), ["True", ""]),
        (pa.array([True, False]), [True, False]),
        (pa.array([1.5, None]), [1.5, np.nan]),
        (pa.array(["nan", None]), ["nan", ""]),
        (pa.array(["left", None, "left"]).dictionary_encode(), ["left", "", "left"]),
        (pa.array([LARGE, None]).dictionary_encode(), [str(LARGE), ""]),
        (pa.array([Decimal("1.10"), None]), [1.1, np.nan]),
        (pa.array([Decimal("12345678901234567890"), Decimal(1)]), ["12345678901234567890", "1"]),
        (pa.array([b"go", None]), ["go", ""]),
        (pa.array([None, None]), [np.nan, np.nan]),
        (pa.array(["a", "b"], pa.string_view()), ["a", "b"]),
    ],
)
def test_values_of_every_type(tmp_path: Path, cells: pa.Array, values: Any) -> None:
    pq.write_table(pa.table({"c": cells, "c.d": pa.nulls(len(cells))}), tmp_path / "a.parquet")
    column = ParquetStore(tmp_path / "a.parquet").read("c")
    np.testing.assert_array_equal(column, np.array(values))
    assert column.dtype.kind == np.array(values).dtype.kind


def test_a_nested_column_is_named_by_the_error(tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": [[1, 2], [3, 4]], "y": [1, 2]}), tmp_path / "a.parquet")
    neural = {"path": "x", "kind": "rate"}
    value = {"format": "parquet", "neural": neural, "time": {"rate_hz": 10}}
    with pytest.raises(DataError, match="'x', which is not read: a column of lists"):
        read_source(Source(tmp_path / "a.parquet"), parse_recipe(value, "test"))


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["x", "x"])
    pq.write_table(twice, tmp_path / "a.parquet")
    with pytest.raises(DataError, match="both called 'x'"):
        ParquetStore(tmp_path / "a.parquet")
