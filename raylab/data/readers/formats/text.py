"""Text cells as one array of kind U, which takes four bytes a letter of the longest cell for every
cell.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from raylab.data.readers.isolation.limits import allow


class TextColumn:
    """Cells that are collected while their array stays within the limit; None and NaN are empty
    text.
    """

    def __init__(self, what: str) -> None:
        self._what, self._cells, self._longest = what, list[str](), 1

    def add(self, cells: Iterable[Any]) -> None:
        found = ["" if cell is None or cell != cell else _text(cell) for cell in cells]
        self._cells += found
        self._longest = max(self._longest, max(map(len, found), default=0))
        allow(4 * self._longest * len(self._cells), self._what)

    def array(self) -> np.ndarray:
        return np.array(self._cells, dtype=str)


def _text(cell: Any) -> str:
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)
