"""Excel workbooks and points of DeepLabCut: small recordings, and what is odd in them."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd

from tests.fuzz.odd_arrays import Generator

DLC: tuple[dict[str, Any], ...] = tuple(
    {
        "format": "dlc",
        **options,
        "neural": {"path": "tail/[xy]", "kind": "rate", "nan": "zero"},
        "time": {"rate_hz": 30},
        "labels": {"nose": {"path": "nose", "kind": "continuous"}},
    }
    for options in ({}, {"likelihood": 0.5})
)
TIME = re.compile(rb"\d{4}-\d\d-\d\dT[\d:]+Z")
CELLS = (None, "", "=1+1", "#N/A", "9" * 400, "\x85", True, 2**70, -1, "a" * 30_000, 1e308, "01")


def write_excel(path: Path, table: dict[str, Any]) -> None:
    """A workbook without the time of its making, so that equal seeds give equal bytes."""
    made = io.BytesIO()
    frame = pd.DataFrame(table)
    with pd.ExcelWriter(made, engine="openpyxl") as book:
        frame.to_excel(book, sheet_name="data", index=False)
        frame.iloc[:3].to_excel(book, sheet_name="more")
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            content = TIME.sub(b"2020-01-01T00:00:00Z", source.read(name))
            target.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)


def odd_workbook(path: Path, generator: Generator, ran: Path) -> None:
    """Cells that no table has, sheets of other shapes, an archive that lacks parts."""
    book = openpyxl.load_workbook(path) if path.exists() else openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in range(int(generator.integers(1, 30))):
        for column in range(int(generator.integers(1, 6))):
            sheet.cell(row + 1, column + 1, CELLS[generator.integers(len(CELLS))])
    if generator.random() < 0.3:
        sheet.cell(int(generator.choice([2000, 10**5])), int(generator.choice([1, 900])), 1)
    if generator.random() < 0.3:
        book.create_chartsheet()
    book.save(path)
    if generator.random() < 0.4:
        _without_part(path, generator)


def _without_part(path: Path, generator: Generator) -> None:
    with zipfile.ZipFile(path) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    name = str(generator.choice(list(parts)))
    if generator.random() < 0.5:
        del parts[name]
    else:
        parts[name] = parts[name][: int(generator.integers(1, len(parts[name]) + 1))]
    with zipfile.ZipFile(path, "w") as target:
        for name, content in parts.items():
            target.writestr(zipfile.ZipInfo(name), content)


def points(animals: int = 1) -> pd.DataFrame:
    levels = [["net"], ["nose", "tail"], ["x", "y", "likelihood"]]
    names = ["scorer", "bodyparts", "coords"]
    if animals > 1:
        levels.insert(1, [f"m{animal}" for animal in range(animals)])
        names.insert(1, "individuals")
    columns = pd.MultiIndex.from_product(levels, names=names)
    values = np.random.default_rng(0).uniform(size=(40, len(columns)))
    return pd.DataFrame(values, columns=columns)


def write_dlc_csv(path: Path) -> None:
    points().to_csv(path)


def write_dlc_table(path: Path) -> None:
    points().to_hdf(path, key="df_with_missing", mode="w", format="table", index=False)


def write_dlc_fixed(path: Path) -> None:
    points().to_hdf(path, key="df_with_missing", mode="w")


def odd_points(path: Path, generator: Generator, ran: Path) -> None:
    """Rows of names that are cut, swapped, or of several animals; cells of words."""
    rows = points(int(generator.integers(1, 3))).to_csv().splitlines()
    for _ in range(int(generator.integers(1, 4))):
        place, chance = int(generator.integers(min(6, len(rows)))), generator.random()
        cells = rows[place].split(",")
        if chance < 0.3:
            del rows[place]
        elif chance < 0.6:
            cells[generator.integers(len(cells))] = str(generator.choice(["", "x", "nose", "\0"]))
            rows[place] = ",".join(cells)
        elif chance < 0.8:
            rows.insert(place, rows[int(generator.integers(len(rows)))])
        else:
            rows[place] = ",".join(cells[: int(generator.integers(1, len(cells) + 1))])
        if not rows:
            break
    path.write_text("\n".join(rows))


EXCEL_CRAFTS = (odd_workbook,)
DLC_CRAFTS = (odd_points,)
