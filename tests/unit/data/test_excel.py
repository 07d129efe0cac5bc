"""Excel workbooks: cells, sheets and formulas."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest

from raylab.data.readers.read import read_source
from raylab.data.readers.source import Source
from raylab.data.readers.sources import list_sources
from raylab.data.readers.store import Store, left_out_of
from raylab.data.readers.tables.excel import ExcelOptions, open_excel
from raylab.data.recipe import parse_recipe
from raylab.errors import DataError

DAY = datetime.datetime(2020, 1, 2)


def write(path: Path, **sheets: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def opened(folder: Path, *, options: dict[str, Any] | None = None, **sheets: Any) -> Store:
    return open_excel(write(folder / "a.xlsx", **sheets), ExcelOptions(**options or {}))


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        ([1, 2], [1, 2]),
        ([1, None], [1.0, np.nan]),
        ([1, 2.5], [1.0, 2.5]),
        ([True, False], [True, False]),
        ([True, None], ["True", ""]),
        ([1, "probe", None, 2.0], ["1", "probe", "", "2"]),
        (["01", "1", "NA", "None"], ["01", "1", "NA", "None"]),
        ([DAY, None], ["2020-01-02 00:00:00", ""]),
        ([1, "#N/A"], ["1", "#N/A"]),
    ],
)
def test_the_type_of_a_column(tmp_path: Path, cells: list[Any], values: list[Any]) -> None:
    rows = [["c", "d"], *([cell, 0] for cell in cells)]
    column = opened(tmp_path, data=rows).read("c")
    np.testing.assert_array_equal(column, np.array(values))
    assert column.dtype.kind == np.array(values).dtype.kind


def test_every_sheet_is_read(tmp_path: Path) -> None:
    sheets = {"data": [["x"], [1]], "notes": [["a", "a"], [1, 2]], "more": [["x"], [3]]}
    store = opened(tmp_path, **sheets)
    assert {name: store.read(name).tolist() for name in store.names()} == {"x": [1], "more/x": [3]}
    assert "both called 'a'" in left_out_of(store)["notes"]
    for sheet in ("more", 2):
        assert opened(tmp_path, options={"sheet": sheet}, **sheets).read("x").tolist() == [3]
    with pytest.raises(DataError, match="a sheet that the file does not have") as error:
        opened(tmp_path, options={"sheet": "other"}, **sheets)
    assert "data, notes, more" in error.value.remedy


def test_empty_rows_and_columns_around_the_table(tmp_path: Path) -> None:
    rows = [[], [None, "x", None], [0, 1.5, None], [1, 2.5, None], [None, None]]
    assert opened(tmp_path, data=rows).names() == ["x"]  # and the numbers of the rows


def test_a_table_without_names(tmp_path: Path) -> None:
    rows = [[0.5, 1], [1.5, 1]]
    assert opened(tmp_path, options={"header": False}, data=rows).names() == ["0", "1"]
    with pytest.raises(DataError, match="its first row holds numbers"):
        opened(tmp_path, data=rows)


def test_a_formula_needs_its_value(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="sheet 'data', cell B3 is a formula without a value"):
        opened(tmp_path, data=[["a", "b"], [1, 2], [3, "=A2+1"]])


def test_a_recipe_reads_a_workbook(tmp_path: Path) -> None:
    rows = [["time", "u1", "u2", "c"], *([k / 10, k, 2 * k, "go" * (k % 2)] for k in range(6))]
    write(tmp_path / "a.xlsx", notes=[["n"], [1]], data=rows)
    value = {
        "format": "excel",
        "sheet": "data",
        "neural": {"path": "u*", "kind": "rate"},
        "time": {"path": "time"},
        "labels": {"c": {"path": "c", "kind": "discrete"}},
    }
    session = read_source(Source(tmp_path / "a.xlsx"), parse_recipe(value, "test"))
    assert session.neural[3].tolist() == [3, 6]
    assert session.labels["c"].classes == ("go",)
    assert session.labels["c"].values.tolist() == [-1, 0, -1, 0, -1, 0]


def test_another_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"\xd0\xcf\x11\xe0" + b"\0" * 600)
    value = {"format": "excel", "neural": {"path": "x", "kind": "rate"}, "time": {"rate_hz": 1}}
    with pytest.raises(DataError, match=r"is an \.xls file"):
        read_source(Source(tmp_path / "a.xlsx"), parse_recipe(value, "test"))


def test_what_excel_writes_while_a_workbook_is_open_is_no_recording(tmp_path: Path) -> None:
    write(tmp_path / "a.xlsx", data=[["x"], [1]])
    (tmp_path / "~$a.xlsx").write_bytes(b"\x05rat")
    value = {"format": "excel", "neural": {"path": "x", "kind": "rate"}, "time": {"rate_hz": 1}}
    sources = list_sources(tmp_path, parse_recipe(value, "test"))
    assert [source.path.name for source in sources] == ["a.xlsx"]
