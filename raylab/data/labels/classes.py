"""The classes of a discrete label: values of any type as names and codes.

Values are told apart as they are stored and never as floats, in which ids beyond 2^53 merge.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

UNLABELLED = -1  # the code of a sample without a class
PADDING = "\0 \t\r\n"  # MATLAB and HDF5 fill texts of a fixed length with NULs or blanks
_MISSING_TYPES = {"NoneType", "NAType", "NaTType"}  # of pandas, which need not be installed


@dataclass(frozen=True)
class Coded:
    """Values as codes into their classes.

    Attributes:
        codes: (T,) int64, `UNLABELLED` where a value is missing.
        names: The name of each code. Classes of numbers are in the order of the numbers, others in
            the order of their names.
        nan_texts: How many values are the text `nan`, which counts as missing.
    """

    codes: np.ndarray
    names: tuple[str, ...]
    nan_texts: int = 0


def coded(raw: np.ndarray) -> Coded:
    """The classes of (T,) values of any type.

    NaN, NaT, infinity, None, masked values, empty text and the text `nan` are missing. Texts lose
    the blanks around them, bytes are read as UTF-8, and `1.0` is the class `1`.
    """
    masked = np.ma.getmaskarray(raw).reshape(-1)
    values = np.asarray(np.ma.getdata(raw)).reshape(-1)
    is_number = values.dtype.kind in "biufMm"
    distinct: Sequence[object] | np.ndarray
    if values.dtype.kind == "O":
        present = [cell for cell, hidden in zip(values, masked) if not hidden]
        is_number = all(isinstance(cell, Real) or class_name(cell) is None for cell in present)
        distinct, place = _distinct_objects(present, is_number)
    else:
        distinct, place = np.unique(values[~masked], return_inverse=True)
    named = [class_name(value) for value in distinct]
    names = tuple(dict.fromkeys(name for name in named if name is not None))
    names = names if is_number else tuple(sorted(names))
    code_of: dict[str | None, int] = {name: code for code, name in enumerate(names)}
    codes = np.full(len(values), UNLABELLED, np.int64)
    code = np.array([code_of.get(name, UNLABELLED) for name in named], np.int64)
    codes[~masked] = code[place] if len(code) else UNLABELLED
    nan_codes = [at for at, value in enumerate(distinct) if _is_nan_text(value)]
    return Coded(codes, names, int(np.isin(place, nan_codes).sum()))


def class_name(value: object) -> str | None:
    """The name of the class of a value; None where the value is missing."""
    if type(value).__name__ in _MISSING_TYPES:
        return None
    if isinstance(value, (str, bytes)):
        text = _stripped(value)
        return None if text == "" or text.lower() == "nan" else _whole(text)
    if isinstance(value, (np.datetime64, np.timedelta64)):  # the latter is a np.integer
        return None if np.isnat(value) else str(value)
    if isinstance(value, (bool, np.bool)):
        return str(bool(value))
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    if isinstance(value, (float, np.floating)):
        if not np.isfinite(value):
            return None
        return str(int(value)) if value == np.floor(value) else str(value)
    return class_name(str(value))


def _distinct_objects(cells: list[object], are_numbers: bool) -> tuple[list[object], np.ndarray]:
    """One of the equal cells each, and the place of every cell in that list."""
    by_name: dict[str | None, object] = {}
    keys = [class_name(cell) if not _is_nan_text(cell) else "nan" for cell in cells]
    for key, cell in zip(keys, cells):
        by_name.setdefault(key, cell)
    order = list(by_name)
    if are_numbers:  # Python compares whole numbers and floats exactly
        order.sort(key=lambda name: _number_order(by_name[name]))
    place = {name: at for at, name in enumerate(order)}
    return [by_name[name] for name in order], np.array([place[key] for key in keys], np.int64)


def _number_order(cell: object) -> tuple[bool, Any]:
    is_missing = class_name(cell) is None
    return is_missing, 0 if is_missing else cell


def _stripped(text: str | bytes) -> str:
    """Bytes that are no UTF-8 keep their numbers, so that two different texts stay different."""
    decoded = text.decode("utf-8", "backslashreplace") if isinstance(text, bytes) else str(text)
    return decoded.strip(PADDING)


def _is_nan_text(value: object) -> bool:
    return isinstance(value, (str, bytes)) and _stripped(value).lower() == "nan"


def _whole(text: str) -> str:
    """`1.0` as `1`, as the number would be called; `01`, `1.5` and words stay as they are."""
    number = re.fullmatch(r"(-?)(0|[1-9]\d*)\.0+", text)
    if number is None:
        return text
    return number[2] if number[2] == "0" else number[1] + number[2]
