"""Cell arrays of MATLAB, and lists of arrays: arrays whose elements are arrays themselves.

Spike times are mostly kept in this way, with one cell per unit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from raylab.data.readers.isolation.limits import allow
from raylab.data.readers.text import TextColumn

# What a cell array has beside its values and its cells, as `NAME/unit`.
ROWS_OF_CELLS = ("unit", "unit_ids", "column")
Reader = Callable[[], np.ndarray]


@dataclass(frozen=True)
class Cell:
    """One element, before it is read.

    Attributes:
        shape: Of its array.
        kind: `number`, or `text` for a single text.
        itemsize: Bytes of one number.
        read: Reads its array.
    """

    shape: tuple[int, ...]
    kind: str
    itemsize: int
    read: Reader

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def is_vector(self) -> bool:
        return self.size == max(self.shape, default=1) or not self.size


def cell_of(array: np.ndarray) -> Cell | None:
    """The cell that an array in memory is; None where it is no array of numbers or single text."""
    if array.dtype.kind in "biuf":
        return Cell(array.shape, "number", array.dtype.itemsize, lambda: array)
    if array.dtype.kind in "US" and array.size <= 1:
        return Cell(array.shape, "text", 1, lambda: array)
    return None


def readers_of_cells(
    name: str,
    cells: Sequence[Cell],
    shape: tuple[int, ...] | None = None,
    ids: np.ndarray | None = None,
) -> dict[str, Reader]:
    """The arrays that a cell array becomes.

    Texts become one array of text. Vectors become one array `name` with all values, cell after
    cell; `name/unit` then is the row of every value, and `name/unit_ids` are all rows, those of
    empty cells included. In an array with several columns of cells `name/column` is the column of
    every value. Each cell alone is `name/0`, `name/1` and so on; matrices are only read so.

    Args:
        shape: Rows and columns of the cell array, whose cells are given column after column;
            default: one column.
        ids: What the units are called instead of by the number of their row.
    """
    texts = any(cell.kind == "text" and cell.size for cell in cells)
    if texts and all(cell.kind == "text" or not cell.size for cell in cells):
        return {name: partial(_texts, name, cells)}
    single = {f"{name}/{number}": cell.read for number, cell in enumerate(cells)}
    if texts or not all(cell.is_vector for cell in cells):
        return single
    rows, columns = shape if shape is not None and len(shape) == 2 else (len(cells), 1)
    if min(rows, columns) == 1:  # a row of cells is a column of cells
        rows, columns = max(rows, columns), 1
    lengths = np.array([cell.size for cell in cells], np.int64)
    places = np.arange(len(cells))
    units = np.arange(rows) if ids is None else ids
    joined: dict[str, Reader] = {
        name: partial(_joined, name, cells),
        f"{name}/unit": partial(_repeated, name, units[places % max(rows, 1)], lengths),
        f"{name}/unit_ids": units.copy,
    }
    if columns > 1:
        joined[f"{name}/column"] = partial(_repeated, name, places // rows, lengths)
    return joined | single


def _texts(name: str, cells: Sequence[Cell]) -> np.ndarray:
    text = TextColumn(f"'{name}'")
    for cell in cells:
        text.add(cell.read().reshape(-1).tolist() if cell.size else [""])
    return text.array()


def _joined(name: str, cells: Sequence[Cell]) -> np.ndarray:
    """The values of all cells. Empty cells, whose type means nothing, do not change the type."""
    full = [cell for cell in cells if cell.size]
    allow(sum(cell.size * cell.itemsize for cell in full), f"'{name}'")
    arrays = [cell.read().reshape(-1) for cell in full]
    joined = np.concatenate(arrays) if arrays else np.zeros(0)
    if joined.dtype.kind == "f" and all(array.dtype.kind in "biu" for array in arrays):
        # Signed and unsigned numbers together would become floats, which are not exact.
        return np.concatenate([array.astype(np.int64) for array in arrays])
    return joined


def _repeated(name: str, places: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    allow(8.0 * float(lengths.sum()), f"'{name}/unit'")
    return np.repeat(places, lengths)
