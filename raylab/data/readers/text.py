"""Cells of text as one array of kind U.

Such an array takes four bytes per letter of its longest cell, for every cell.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from raylab.data.readers.isolation.limits import allow


class TextColumn:
    """Collects cells of text while their array stays within the memory limit.

    None and NaN become empty text.
    """

    def __init__(self, what: str) -> None:
        self._what, self._cells, self._longest = what, list[str](), 1

    def add(self, cells: Iterable[object]) -> None:
        texts = ["" if cell is None or cell != cell else _text(cell) for cell in cells]
        self._cells += texts
        self._longest = max(self._longest, max(map(len, texts), default=0))
        allow(4 * self._longest * len(self._cells), self._what)

    def array(self) -> np.ndarray:
        return np.array(self._cells, dtype=str)


def text_or_numbers(values: np.ndarray, name: str) -> np.ndarray:
    """The values of a column of a table: numbers and dates as they are, the rest as text."""
    if values.dtype.kind in "biufM":
        return values
    text = TextColumn(f"'{name}'")
    text.add(values)
    return text.array()


def _text(cell: object) -> str:
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)
