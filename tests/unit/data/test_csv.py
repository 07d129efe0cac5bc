"""CSV tables: what their rows, names, types and encodings become."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from raylab.data.readers.read import read_source
from raylab.data.readers.source import Source
from raylab.data.readers.tables.csv import CsvStore
from raylab.data.recipe import parse_recipe
from raylab.errors import DataError


def table(folder: Path, text: str | bytes, **settings: Any) -> dict[str, list[Any]]:
    """The columns of a CSV file, as lists."""
    store = opened(folder, text, **settings)
    return {name: store.read(name).tolist() for name in store.names()}


def opened(folder: Path, text: str | bytes, **settings: Any) -> CsvStore:
    path = folder / "a.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return CsvStore(path, **settings)


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,x\n2,y\n",
        "a,b\n1,x,\n2,y,\n",
        "a,b,\n1,x,\n2,y,\n",
        ",a,b\n0,1,x\n1,2,y\n",
        "\ufeffa,b\n1,x\n2,y\n",
        "a;b\n1;x\n2;y\n",
        "a\tb\n1\tx\n2\ty",
        "sep=;\na;b\n1;x\n2;y\n",
        "# a rat, a day\n# and, a, place\na,b\n1,x\n2,y\n",
        "a, b\n1, x\n 2, y \n",
        'a,b\r\n1,"x"\r\n2,y\r\n',
        "a,b\r1,x\r2,y\r",
        "a,b\r\r\n1,x\r\r\n2,y\r\r\n",
        "a,b\n\n1,x\n2,y\n\n",
        "a\tb\n1\tx\n2\ty\n".encode("utf-16"),
    ],
)
def test_one_table_in_many_ways_of_writing(tmp_path: Path, text: str | bytes) -> None:
    assert table(tmp_path, text) == {"a": [1, 2], "b": ["x", "y"]}


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["Go", "None", "NA", "null", "nan", "n/a", "", "NULL"], None),
        (["01", "1", "probe"], None),
        (["01", "1"], None),
        (["1", "1.0", "x"], None),
        (["0x10", "0x11"], None),
        (["1_000", "2"], None),
        (["TRUE", "FALSE"], None),
        (["2020-01-01", "2020-01-02"], None),
        (["1e400", "9" * 30, "a"], None),
        (["9" * 30, "1"], None),
        (["20230415123456789", ""], None),
        (["20230415123456789", "nan"], None),
        (["01", "02"], [1, 2]),
        (["20230415123456789", "20230415123456788"], [20230415123456789, 20230415123456788]),
        (["18446744073709551615", "0"], np.array([2**64 - 1, 0], np.uint64)),
        (["0.1", "0.30000000000000004"], [0.1, 0.30000000000000004]),
        (["1", "", "NaN"], [1.0, np.nan, np.nan]),
        (["1.5", "nan", ""], [1.5, np.nan, np.nan]),
        (["1", "2.5"], [1.0, 2.5]),
        (["", ""], [np.nan, np.nan]),
    ],
)
def test_a_column_is_typed_by_all_of_its_cells(
    tmp_path: Path, cells: list[str], values: Any
) -> None:
    """None: the cells stay as they are written."""
    lines = "".join(f"{cell},0\n" for cell in cells)
    column = opened(tmp_path, f"c,d\n{lines}").read("c")
    if values is None:
        assert column.dtype.kind == "U"
        assert column.tolist() == cells
    else:
        np.testing.assert_array_equal(column, np.array(values))


def test_words_after_many_numbers_change_no_number(tmp_path: Path) -> None:
    rows = ["1" if row % 50 else "" for row in range(200_000)] + ["probe"]
    column = opened(tmp_path, "c,d\n" + "".join(f"{cell},0\n" for cell in rows)).read("c")
    assert sorted(set(column.tolist())) == ["", "1", "probe"]


def test_semicolons_go_with_decimal_commas(tmp_path: Path) -> None:
    assert table(tmp_path, "a;b\n1,5;2\n-2,5;1.234,5\n") == {
        "a": [1.5, -2.5],
        "b": ["2", "1.234,5"],
    }


def test_a_file_without_names_numbers_its_columns(tmp_path: Path) -> None:
    values = table(tmp_path, "0,0,1.5\n1,0,2.5\n", header=False)
    assert values == {"0": [0, 1], "1": [0, 0], "2": [1.5, 2.5]}


def test_a_comment_may_name_the_columns(tmp_path: Path) -> None:
    assert table(tmp_path, "# a,b\n1,2\n3,4\n") == {"a": [1, 3], "b": [2, 4]}


def test_a_column_without_name_is_called_as_by_pandas(tmp_path: Path) -> None:
    assert table(tmp_path, ",a\n0.1,5\n0.2,6\n") == {"Unnamed: 0": [0.1, 0.2], "a": [5, 6]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n3,4,5\n", "line 3 has 3 cells, the first line has 2"),
        ("# note\na,b\n\n1,2\n3\n", "line 5 has 1 cells"),
        ('a,b\n"x\ny",2\n1,2,3\n', "line 4 has 3 cells"),
        ("a,b\n1,2,\n3,4\n", "line 2 has 3 cells"),
        ("a,b\n1,2,\n3,4,5\n", "a cell more than its row of names"),
        ("a,b,a\n1,2,3\n", "columns 0 and 2 are both called 'a'"),
        ("0,0,1\n1,2,3\n", "columns 0 and 1 are both called '0'"),
        ("1.5,0,1\n1,2,3\n", "its first row holds numbers"),
        ("#a,b\nx,2\ny,3\n", "two lines may hold the names"),
        ("a\n1\n\n2\n", "line 3 of its only column is empty"),
        ('a,b\n1,"x\n2,3\n', "quotation mark is not closed"),
        ("a,b\n", "no rows below its row of names"),
        ("", "is empty"),
        ("\n\n", "holds no rows"),
        ("u0 u1\n1.5 2\n", "separated by blanks"),
        ("1e+00 -2.5e+00\n1 2\n", "separated by blanks"),
        ("a,b\n1,\0\n", "zero bytes"),
        ("a,b\n1,\xb5\n".encode("latin-1"), "line 2 is not UTF-8, but perhaps Latin-1 .*'\xb5'"),
        ("a\tb\n1\t2\n".encode("utf-16-le"), "UTF-16"),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(
    tmp_path: Path, text: str | bytes, message: str
) -> None:
    with pytest.raises(DataError, match=rf"a\.csv: .*{message}"):
        table(tmp_path, text)


def test_a_word_among_numbers_is_shown(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("u,v\n1,2\n3,NA\n")
    neural = {"path": "[uv]", "kind": "rate"}
    value = {"format": "csv", "neural": neural, "time": {"rate_hz": 10}}
    with pytest.raises(DataError, match=r"array of text, not of numbers: its value 1 is 'NA'"):
        read_source(Source(tmp_path / "a.csv"), parse_recipe(value, "test"))


def test_a_recipe_reads_a_table_without_names(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("0,1,5\n0,2,6\n1,1,7\n")
    neural = {"path": "[01]", "kind": "counts"}
    value = {"format": "csv", "header": False, "neural": neural, "time": {"rate_hz": 10}}
    value["labels"] = {"x": {"path": "2", "kind": "continuous"}}
    session = read_source(Source(tmp_path / "a.csv"), parse_recipe(value, "test"))
    assert session.neural.tolist() == [[0, 1], [0, 2], [1, 1]]
    assert session.labels["x"].values.ravel().tolist() == [5, 6, 7]


def test_the_command_that_converts_a_file_may_be_pasted_into_a_shell(tmp_path: Path) -> None:
    (tmp_path / "day 1.csv").write_bytes("a,b\n1,\xb5\n".encode("latin-1"))
    with pytest.raises(DataError) as error:
        CsvStore(tmp_path / "day 1.csv")
    assert error.value.remedy.endswith("'day 1.csv' > 'day 1_utf8.csv'")
