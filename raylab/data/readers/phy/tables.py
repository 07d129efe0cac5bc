"""The tables of clusters in a folder of phy or Kilosort."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from raylab.data.readers.guard import guard
from raylab.data.readers.isolation.limits import allow
from raylab.errors import DataError

CELL = 100  # bytes of memory that a cell takes, at least
ID = ("cluster_id", "id")
PATTERNS = ("cluster_*.tsv", "cluster_*.csv")
UNSORTED = "unsorted"  # what phy calls clusters without a group
# Where the groups of clusters are, the people's choice first.
SORTED_BY_PEOPLE = (("cluster_group", "group"), ("cluster_groups", "group"))
SORTED = (
    *SORTED_BY_PEOPLE,
    ("cluster_info", "group"),
    ("cluster_KSLabel", "KSLabel"),
    ("cluster_info", "KSLabel"),
)

Column = Mapping[int, str]  # the cell of each cluster


@dataclass(frozen=True)
class ClusterTables:
    """The columns of all tables, by the name of the table's file and of the column."""

    columns: Mapping[tuple[str, str], Column]

    @property
    def ids(self) -> set[int]:
        """The clusters that any table lists."""
        return {cluster for column in self.columns.values() for cluster in column}

    def groups(self) -> tuple[str, Column]:
        """The column that says which clusters are good, and the groups; an empty name of none.

        Among several tables the one that people edit wins, Kilosort's own label comes last.
        """
        for table, column in SORTED:
            cells = self.columns.get((table, column), {})
            if any(cells.values()):
                return column, cells
        return "", {}

    def arrays(self, ids: np.ndarray) -> dict[str, np.ndarray]:
        """Each column with one row for each of `ids`; a later table does not replace a column."""
        arrays: dict[str, np.ndarray] = {}
        for (_, name), cells in sorted(self.columns.items(), key=lambda item: _rank(item[0][0])):
            if name not in arrays:
                arrays[name] = _typed([cells.get(int(cluster), "") for cluster in ids])
        return arrays


def table_files(folder: Path) -> list[Path]:
    """The tables of clusters in a folder."""
    files = {file for pattern in PATTERNS for file in folder.glob(pattern) if file.is_file()}
    return sorted(files)


def read_tables(folder: Path) -> ClusterTables:
    """All tables of a folder.

    Raises:
        DataError: A table has no column of clusters, or is damaged.
    """
    columns: dict[tuple[str, str], Column] = {}
    for path in table_files(folder):
        for name, cells in _read(path).items():
            columns.setdefault((path.stem, name), cells)
    return ClusterTables(columns)


def _rank(table: str) -> int:
    tables = [name for name, _ in SORTED]
    return tables.index(table) if table in tables else len(tables)


def _read(path: Path) -> dict[str, Column]:
    allow(CELL * path.stat().st_size, str(path))
    with guard(path, "a table of clusters"):
        text = path.read_text(encoding="utf-8-sig")
        # Older versions separate by tabs in files that end in .csv.
        separator = "\t" if "\t" in text.partition("\n")[0] else ","
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=separator) if row]
    if not rows:
        return {}
    names = [name.strip() for name in rows[0]]
    place = next((names.index(name) for name in ID if name in names), None)
    if place is None:
        raise DataError(f"{path}: has no column cluster_id", f"It has: {', '.join(names[:10])}.")
    ids = [_cluster(row[place] if place < len(row) else "", path) for row in rows[1:]]
    return {
        name: {cluster: _cell(row, column) for cluster, row in zip(ids, rows[1:])}
        for column, name in enumerate(names)
        if column != place and name
    }


def _cell(row: list[str], column: int) -> str:
    return row[column].strip() if column < len(row) else ""


def _cluster(text: str, path: Path) -> int:
    try:
        number = float(text)
        if not abs(number) < 2**53 or number != int(number):
            raise ValueError
    except (ValueError, OverflowError):
        raise DataError(
            f"{path}: '{text[:40]}' is no number of a cluster", "Compare it with its source."
        ) from None
    return int(number)


def _typed(cells: list[str]) -> np.ndarray:
    """Numbers, NaN where a cell is empty; text where a cell is no number."""
    try:
        return np.array([float(cell) if cell else math.nan for cell in cells])
    except ValueError:
        return np.array(cells)
