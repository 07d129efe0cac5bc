"""Excel workbooks (.xlsx): one array per column, one row per sample."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

from raylab.config.base import Strict
from raylab.data.readers.isolation.limits import allow
from raylab.data.readers.store import MemoryStore, Store
from raylab.data.readers.tables.names import NO_NAMES, check_names
from raylab.data.readers.text import EXACT, TextColumn
from raylab.errors import ConfigError, DataError

Rows = list[tuple[Any, ...]]


class ExcelOptions(Strict):
    """Keys that recipes of Excel tables have."""

    sheet: str | int | None = Field(
        None,
        description="name or number (from 0) of the only sheet that is read; by default the "
        "columns of the first sheet have their own names, and those of another are `sheet/column`",
    )
    header: bool = Field(
        True, description="false: the first row holds values; columns are called 0, 1 and so on"
    )


def open_excel(path: Path, options: ExcelOptions) -> Store:
    """The columns of the sheets.

    Raises:
        DataError: There is no such sheet, a row of names is not one, or a formula was never
            computed.
        ConfigError: The package openpyxl is not installed.
    """
    try:
        import openpyxl
    except ImportError:
        raise ConfigError(
            f"{path}: Excel files need the package openpyxl, which is not installed",
            "pip install 'raylab[excel]'",
        ) from None
    with zipfile.ZipFile(path) as archive:
        allow(sum(item.file_size for item in archive.infolist()), f"{path}, expanded,")
    arrays: dict[str, np.ndarray] = {}
    left_out: dict[str, str] = {}
    # Opened here, because openpyxl reads no file whose name has another ending.
    with path.open("rb") as file:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        titles = [sheet.title for sheet in book.worksheets]
        for title in [_chosen(path, titles, options.sheet)] if _states(options) else titles:
            first = _states(options) or title == titles[0]
            try:
                columns = _columns(path, book[title], header=options.header)
            except DataError as error:
                if first:
                    raise
                left_out[title] = error.what  # notes and drawings are no tables
                continue
            arrays |= {name if first else f"{title}/{name}": a for name, a in columns.items()}
        book.close()
    return MemoryStore(arrays, left_out)


def _states(options: ExcelOptions) -> bool:
    return options.sheet is not None


def _chosen(path: Path, titles: list[str], sheet: str | int | None) -> str:
    if isinstance(sheet, int) and 0 <= sheet < len(titles):
        return titles[sheet]
    if str(sheet) in titles:
        return str(sheet)
    raise DataError(
        f"{path}: `sheet: {sheet}` names a sheet that the file does not have",
        f"It has: {', '.join(titles[:12])}.",
    )


def _columns(path: Path, sheet: Any, *, header: bool) -> dict[str, np.ndarray]:
    what = f"{path}: sheet '{sheet.title}'"
    rows, top = _rows(sheet)
    if not rows:
        raise DataError(f"{what} is empty", "Choose another one with `sheet`.")
    names = [str(number) for number in range(len(rows[0]))]
    if header:
        names, rows, top = [_shown(cell).strip() for cell in rows[0]], rows[1:], top + 1
        check_names(what, names)
    if not rows:
        raise DataError(f"{what} has no rows below its row of names", NO_NAMES)
    if any(cell is None for row in rows for cell in row):
        _check_formulas(path, sheet.title)
    arrays = {}
    for number, name in enumerate(names):
        cells = [row[number] for row in rows]
        index = number == 0 and cells == list(range(len(cells)))
        if name:
            arrays[name] = _typed(cells, name)
        elif not index and any(cell is not None for cell in cells):
            arrays[f"Unnamed: {number}"] = _typed(cells, f"Unnamed: {number}")
    return arrays


def _rows(sheet: Any) -> tuple[Rows, int]:
    """The rows from the first to the last one with a value, all of one length; and the number of
    the first one.
    """
    if hasattr(sheet, "reset_dimensions"):
        sheet.reset_dimensions()  # what programs state there is often wrong
    rows = [tuple(row) for row in sheet.iter_rows(values_only=True)]
    full = [number for number, row in enumerate(rows) if any(cell is not None for cell in row)]
    if not full:
        return [], 0
    rows = rows[full[0] : full[-1] + 1]
    width = max(number + 1 for row in rows for number, cell in enumerate(row) if cell is not None)
    return [(*row, *[None] * width)[:width] for row in rows], full[0]


def _check_formulas(path: Path, title: str) -> None:
    """Raise a DataError where an empty cell is a formula: its value was never computed."""
    import openpyxl

    with path.open("rb") as values_file, path.open("rb") as file:
        values = openpyxl.load_workbook(values_file, read_only=True, data_only=True)
        formulas = openpyxl.load_workbook(file, read_only=True, data_only=False)
        for row, texts in zip(
            values[title].iter_rows(values_only=True), formulas[title].iter_rows()
        ):
            for value, cell in zip(row, texts):
                if value is None and getattr(cell, "data_type", "") == "f":
                    raise DataError(
                        f"{path}: sheet '{title}', cell {cell.coordinate} is a formula without a "
                        "value",
                        "Open the file in Excel or LibreOffice and save it, which computes it.",
                    )


def _typed(cells: list[Any], name: str) -> np.ndarray:
    """Numbers where all cells are numbers or empty; truth where all are; else text."""
    given = [cell for cell in cells if cell is not None]
    if all(isinstance(cell, bool) for cell in given) and len(given) == len(cells):
        return np.array(cells, bool)
    if all(isinstance(cell, (int, float)) and not isinstance(cell, bool) for cell in given):
        whole = all(isinstance(cell, int) for cell in given)
        largest = max((abs(cell) for cell in given), default=0)
        if whole and len(given) == len(cells) and largest < 2**63:
            return np.array(cells, np.int64)
        if not whole or largest <= EXACT:
            return np.array([np.nan if cell is None else cell for cell in cells], np.float64)
    text = TextColumn(f"'{name}'")
    text.add([_shown(cell).strip() for cell in cells])
    return text.array()


def _shown(cell: Any) -> str:
    """A cell as text. Excel has one type of numbers: 1 and 1.0 are the same."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < EXACT:
        cell = int(cell)
    return "" if cell is None else str(cell)
