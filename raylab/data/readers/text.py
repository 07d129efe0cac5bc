"""Cells of text as one array: numbers where every cell is a number, else kind U as written.

An array of kind U takes four bytes per letter of its longest cell, for every cell.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from raylab.data.readers.isolation.limits import allow

if TYPE_CHECKING:
    import pyarrow as pa

LAST_LETTER = 0x10FFFF  # of Unicode
EXACT = 2**53  # above it, a float of 64 bits does not hold every whole number


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


def checked_text(array: np.ndarray) -> np.ndarray:
    """The array itself.

    Raises:
        ValueError: It is text with numbers that are no letters, as in damaged files.
    """
    if array.dtype.kind == "U" and array.size and array.dtype.itemsize:
        letters = np.dtype(np.uint32).newbyteorder(array.dtype.byteorder)
        flat = np.ascontiguousarray(array).reshape(-1)
        if flat.view(letters).max() > LAST_LETTER:
            raise ValueError("text with letters that do not exist")
    return array


def typed_column(cells: Any, name: str, *, decimal_comma: bool = False) -> np.ndarray:
    """The values of a column of text, whose type follows from all of its cells.

    Only whole numbers: int64, or uint64. Only numbers: float64. Anything else, and whole numbers
    that a number would not hold exactly: text as it is written, without the blanks around it.
    Empty cells are missing: NaN among numbers, empty text among text. `nan` is a number.

    Args:
        cells: A pyarrow array of text.
        name: Of the column, for the error.
        decimal_comma: Also take `1,5` for a number.
    """
    import pyarrow.compute as pc

    plain = _plain_floats(cells)
    if plain is not None:
        return plain
    cells = pc.utf8_trim_whitespace(cells)
    missing = pc.match_substring_regex(cells, "(?i)^([+-]?nan)?$")
    given = cells.filter(pc.invert(missing))
    values = _whole_numbers(given)
    if values is None:
        values = _numbers(given, decimal_comma)
    absent = missing.to_numpy(zero_copy_only=False)
    if values is None or (absent.any() and not fit_floats(values)):
        return text_array(cells, name)
    if not absent.any():
        return values
    filled = np.full(len(absent), np.nan)
    filled[~absent] = values
    return filled


def _plain_floats(cells: Any) -> np.ndarray | None:
    """The numbers of a column that has fractions and no empty cell, as most columns are; fast."""
    import pyarrow as pa

    if _cast(cells, pa.int64()) is not None or (values := _cast(cells, pa.float64())) is None:
        return None
    numbers = np.asarray(values.to_numpy())
    return numbers if np.nanmax(np.abs(numbers), initial=0) < EXACT else None


def text_array(cells: Any, name: str) -> np.ndarray:
    """A pyarrow array of text as an array of kind U; null becomes empty text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    longest = pc.max(pc.utf8_length(cells)).as_py() or 1
    allow(4.0 * longest * len(cells), f"'{name}'")
    if isinstance(cells, pa.ChunkedArray):
        cells = cells.combine_chunks()
    classes = pc.fill_null(cells, "").dictionary_encode()
    if not len(classes):
        return np.zeros(0, "U1")
    return np.array(classes.dictionary.to_pylist(), str)[classes.indices.to_numpy()]


def _whole_numbers(given: pa.ChunkedArray) -> np.ndarray | None:
    """The cells as whole numbers; None where one is not, or where two texts become one number."""
    import pyarrow as pa
    import pyarrow.compute as pc

    values = _cast(given, pa.int64())
    values = values if values is not None else _cast(given, pa.uint64())
    if values is None:
        return None
    if pc.any(pc.match_substring_regex(given, "^-?0[0-9xX]")).as_py():
        if pc.any(pc.match_substring_regex(given, "[xX]")).as_py():
            return None  # pyarrow reads hexadecimal numbers
        if pc.count_distinct(given).as_py() != pc.count_distinct(values).as_py():
            return None  # `01` and `1` are two names
    return np.asarray(values.to_numpy())


def _numbers(given: pa.ChunkedArray, decimal_comma: bool) -> np.ndarray | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pc.all(pc.match_substring_regex(given, "^[+-]?[0-9]+$")).as_py():
        return None  # whole numbers that no integer holds
    if decimal_comma and pc.all(pc.match_substring_regex(given, r"^[^.,]*,?[^.,]*$")).as_py():
        given = pc.replace_substring(given, ",", ".")
    values = _cast(given, pa.float64())
    return None if values is None else np.asarray(values.to_numpy())


def _cast(given: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray | None:
    import pyarrow as pa

    try:
        return given.cast(kind)
    except pa.ArrowInvalid:
        return None


def fit_floats(values: np.ndarray) -> bool:
    """Whether floats, of which one can be NaN, hold the values exactly."""
    if values.dtype.kind == "f" or not values.size:
        return True
    return bool(values.max() <= EXACT and values.min() >= -EXACT)
