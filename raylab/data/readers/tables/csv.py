"""CSV tables: one array per column, one row per sample."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from raylab.config.base import Strict
from raylab.data.readers.store import Store
from raylab.data.readers.tables.csv_text import CsvText, line_of_row, read_text
from raylab.data.readers.tables.names import NO_NAMES, check_names
from raylab.data.readers.text import typed_column
from raylab.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

BLOCK = 2**26  # bytes parsed at once; no row may be longer


class CsvOptions(Strict):
    """Keys that recipes of CSV tables have."""

    header: bool = Field(
        True, description="false: the first row holds values; columns are called 0, 1 and so on"
    )


def open_csv(path: Path, options: CsvOptions) -> Store:
    """The table in a file."""
    return CsvStore(path, header=options.header)


class CsvStore:
    """Columns by the names in the first row, or by their numbers where the file has no names.

    A column's type follows from all of its cells, when the column is read.

    Raises:
        DataError: A row has more or fewer cells than the first one, two columns have one name, the
            text is not UTF-8, or there are no rows.
    """

    def __init__(self, path: Path, *, header: bool = True) -> None:
        text = read_text(path, header=header)
        self._comma = text.separator == ";"
        table = parsed(path, text)
        names = [str(column) for column in range(table.num_columns)]
        if header:
            names = [str(cell).strip() for cell in table.slice(0, 1).to_pylist()[0].values()]
            table = table.slice(1)
            check_names(str(path), names)
        if not table.num_rows:
            raise DataError(f"{path}: has no rows below its row of names", NO_NAMES)
        self._columns: dict[str, pa.ChunkedArray] = {}
        for number, (name, cells) in enumerate(zip(names, table.columns)):
            self._add(name, number, cells)

    def _add(self, name: str, number: int, cells: pa.ChunkedArray) -> None:
        """A column without a name is called as pandas calls it, and left out if it holds nothing
        but the numbers of the rows.
        """
        if name:
            self._columns[name] = cells
        elif not _is_empty(cells) and not (number == 0 and _counts_rows(cells)):
            self._columns[f"Unnamed: {number}"] = cells

    def names(self) -> list[str]:
        return list(self._columns)

    def read(self, name: str) -> np.ndarray:
        return typed_column(self._columns[name], name, decimal_comma=self._comma)

    def close(self) -> None:
        self._columns = {}


def parsed(path: Path, text: CsvText) -> pa.Table:
    """The cells of all rows as text; every row has as many as the first."""
    irregular: list[Any] = []
    table = _table(text, irregular)
    if table is None and text.trailing_separators(irregular[0]):
        # Rows that end with a separator, which the row of names does not.
        table = _table(text.with_empty_column(), [])
        if table is not None and not _is_empty(table.column(table.num_columns - 1).slice(1)):
            raise DataError(f"{path}: its rows have a cell more than its row of names", NO_NAMES)
    if table is None:
        row = irregular[0]
        raise DataError(
            f"{path}: line {line_of_row(text, row.number)} has {row.actual_columns} cells, the "
            f"first line has {row.expected_columns}",
            f"Correct this line: cells are separated by {text.separator_name}, and a cell that "
            "holds one is put into quotation marks.",
        )
    last = table.slice(max(table.num_rows - 1, 0)).to_pylist()
    if text.open_quotation and any("\n" in str(cell) for row in last for cell in row.values()):
        raise DataError(
            f"{path}: a quotation mark is not closed, so the last cell takes in several lines",
            "Compare the file with its source: it is cut off, or a quotation mark is missing.",
        )
    return table


def _table(text: CsvText, irregular: list[Any]) -> pa.Table | None:
    """None where a row is irregular; the row is then appended to `irregular`."""
    import pyarrow as pa
    from pyarrow import csv

    def stop(row: Any) -> str:
        irregular.append(row)
        return "error"

    kinds = {f"f{column}": pa.string() for column in range(text.most_columns)}
    try:
        return csv.read_csv(
            pa.BufferReader(text.content),
            csv.ReadOptions(use_threads=False, autogenerate_column_names=True, block_size=BLOCK),
            csv.ParseOptions(
                delimiter=text.separator, newlines_in_values=True, invalid_row_handler=stop
            ),
            csv.ConvertOptions(column_types=kinds, strings_can_be_null=False, check_utf8=False),
        )
    except pa.ArrowInvalid:
        if not irregular:
            raise
        return None


def _is_empty(cells: pa.ChunkedArray) -> bool:
    import pyarrow.compute as pc

    return not pc.any(pc.not_equal(pc.utf8_trim_whitespace(cells), "")).as_py()


def _counts_rows(cells: pa.ChunkedArray) -> bool:
    values = typed_column(cells, "")
    return values.dtype.kind == "i" and np.array_equal(values, np.arange(len(values)))
