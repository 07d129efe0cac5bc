"""The columns of tables: CSV from its first rows, Parquet from its schema, Excel row by row."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from raylab.data.looking.array_items import array_item
from raylab.data.looking.item import Item
from raylab.data.readers.registry import READERS
from raylab.data.readers.tables.csv import CsvStore
from raylab.data.readers.tables.names import NO_NAMES
from raylab.data.readers.text import text_or_numbers
from raylab.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

ROWS = 4096  # of a sample
WHOLE = 2**24  # bytes of a table that is read whole
HEAD = 2**22  # bytes of a larger table of text that are read
COUNTED = 2**26  # bytes of a text file whose lines are counted


def csv_items(path: Path) -> list[Item]:
    """The columns; the number of rows of a large file is estimated from its size.

    The item with the empty name says `header: False` where the file does not name its columns.
    """
    size = path.stat().st_size
    if size <= WHOLE:
        return _csv_columns(path, path, None)
    with path.open("rb") as file, tempfile.TemporaryDirectory() as folder:
        head = Path(folder) / path.name
        head.write_bytes(file.read(HEAD).rpartition(b"\n")[0])
        return _csv_columns(head, path, _rows(path, size))


def _csv_columns(readable: Path, path: Path, rows: int | None) -> list[Item]:
    """The columns of `readable`, the file itself or its head."""
    try:
        header, store = True, CsvStore(readable)
    except DataError as error:
        if NO_NAMES not in error.remedy:
            raise _of_file(error, readable, path) from None
        header, store = False, CsvStore(readable, header=False)
    note = "number of rows estimated" if rows and path.stat().st_size > COUNTED else ""
    items = [] if header else [Item(name="", kind="group", attributes={"header": False})]
    for name in store.names():
        values = store.read(name)
        count = len(values) if rows is None else rows + (not header)
        item = array_item(name, (count,), values.dtype, values, everything=rows is None)
        items.append(replace(item, note=note))
    return items


def _of_file(error: DataError, readable: Path, path: Path) -> DataError:
    return DataError(error.what.replace(str(readable), str(path)), error.remedy)


def dlc_items(path: Path) -> list[Item]:
    """The tracked points of DeepLabCut, each with its coordinates as columns."""
    reader = READERS.of("dlc")
    options = reader.options_class()
    store = reader.load(reader.opens)(path, options() if options is not None else None)
    items = []
    for name in store.names():
        values = store.read(name)
        if values.ndim == 2:
            item = array_item(name, values.shape, values.dtype, values, everything=True)
            items.append(replace(item, unit="px", note="a tracked point"))
    return items


def parquet_items(path: Path) -> list[Item]:
    """The columns of a Parquet file. Of a large file only the first rows are read."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        rows = file.metadata.num_rows
        flat = [
            field.name
            for field in file.schema_arrow
            if not str(field.type).startswith(("list", "struct", "map", "large_list"))
        ]
        small = path.stat().st_size <= WHOLE
        batches = file.iter_batches(batch_size=max(1, rows) if small else ROWS, columns=flat)
        table = next(batches).to_pandas() if rows else file.schema_arrow.empty_table().to_pandas()
        nested = [name for name in file.schema_arrow.names if name not in flat]
    items = _columns(table.reset_index(drop=True), rows)
    return items + [Item(name=name, kind="objects", dtype="nested lists") for name in nested]


def excel_items(path: Path) -> list[Item]:
    """The columns of every sheet; those of the first sheet by their own name, those of another as
    `sheet/column`.
    """
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True, data_only=True)
    try:
        items: list[Item] = []
        for number, sheet in enumerate(book.worksheets):
            rows = sheet.iter_rows(values_only=True, max_row=ROWS + 1)
            columns = list(_sheet(rows, (sheet.max_row or 1) - 1))
            prefix = f"{sheet.title}/" if number else ""
            items += [_named(item, prefix) for item in columns]
        return items
    finally:
        book.close()


def _sheet(rows: Iterator[tuple[Any, ...]], count: int) -> Iterator[Item]:
    import pandas as pd

    header = next(rows, ())
    cells = list(rows)
    names = [str(name) for name in header if name is not None]
    if not names or not cells:
        return
    table = pd.DataFrame([row[: len(names)] for row in cells], columns=names).infer_objects()
    yield from _columns(table, max(count, len(cells)))


def _named(item: Item, prefix: str) -> Item:
    return replace(item, name=f"{prefix}{item.name}") if prefix else item


def _columns(table: pd.DataFrame, rows: int) -> list[Item]:
    items = []
    for name in table.columns:
        values = text_or_numbers(table[name].to_numpy(), str(name))
        item = array_item(str(name), (rows,), values.dtype, values, everything=len(table) == rows)
        items.append(item)
    return items


def _rows(path: Path, size: int) -> int:
    """Data rows of a text file: counted, or estimated from the length of the first ones."""
    with path.open("rb") as file:
        if size <= COUNTED:
            return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(2**20), b"")) - 1
        head = file.read(2**20)
    return int(np.ceil(size / (len(head) / max(1, head.count(b"\n"))))) - 1
