"""Nested dicts and lists, as pickles hold them, as arrays with names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from raylab.data.readers.cells import Cell, Reader, cell_of, readers_of_cells
from raylab.data.readers.plain_pickle import Array
from raylab.data.readers.store import MOST_LEVELS, MOST_OBJECTS
from raylab.data.readers.text import TextColumn, fit_floats

ALONE = "array"  # what a container is called that is the whole file
SCALARS = (int, float, str, np.integer, np.floating, np.bool_)


def flatten(value: object) -> tuple[dict[str, Reader], dict[str, str]]:
    """The arrays of nested dicts and lists by their `/`-joined names, and what is left out.

    A list of numbers or texts is an array, in which None is missing. A list of arrays is a cell
    array, as `cells.py` says, and so is a dict of arrays by whole numbers, such as spike times by
    the number of their unit.

    Raises:
        ValueError: There are more objects than a recording has. A pickle of a few bytes can hold
            one list 2^40 times.
    """
    readers: dict[str, Reader] = {}
    left_out: dict[str, str] = {}
    pending: list[tuple[str, object]] = [("", value)]
    visited = 0
    while pending:
        name, item = pending.pop()
        visited += 1
        if visited > MOST_OBJECTS or name.count("/") > MOST_LEVELS:
            raise ValueError("nested containers without end")
        if (array := _as_array(item, name)) is not None:
            if array.dtype.kind in "biufSUMmV" and not array.dtype.hasobject:
                readers[name or ALONE] = _reader(array)
            else:
                left_out[name or ALONE] = f"an array of type {array.dtype}"
        elif isinstance(item, (dict, list, tuple)):
            items = _items(item)
            readers |= _cells(name or ALONE, item, [each for _, each in items])
            if (matrix := _matrix(item)) is not None:
                readers[name or ALONE] = _reader(matrix)
            pending += [(f"{name}/{key}" if name else key, each) for key, each in reversed(items)]
        else:
            left_out[name or ALONE] = f"an object of type {type(item).__name__}"
    return readers, left_out


def _reader(array: np.ndarray) -> Reader:
    return lambda: array


def _items(value: dict[Any, Any] | Sequence[Any]) -> list[tuple[str, object]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    known = (str, int, float, np.integer, np.floating)
    return [(str(key), item) for key, item in pairs if isinstance(key, known)]


def _cells(name: str, value: object, items: list[object]) -> dict[str, Reader]:
    """A list of arrays, or a dict of arrays by whole numbers, as a cell array."""
    ids = list(value) if isinstance(value, dict) else range(len(items))
    if not items or len(ids) != len(items) or not all(_is_whole(key) for key in ids):
        return {}
    cells: list[Cell] = []
    for item in items:
        array = _as_array(item, name)
        if isinstance(item, (list, tuple)) and not item:
            array = np.zeros(0)  # a unit without a spike
        cell = cell_of(array) if array is not None and array.ndim else None
        if cell is None:
            return {}
        cells.append(cell)
    readers = readers_of_cells(name, cells, ids=np.array([int(key) for key in ids]))
    return {key: reader for key, reader in readers.items() if not _is_element(key, name)}


def _matrix(value: object) -> np.ndarray | None:
    """Rows of equally many numbers, as `tolist` of numpy writes them: no ragged list."""
    rows: list[np.ndarray] = []
    for item in value if isinstance(value, (list, tuple)) else ():
        row = _as_array(item, "") if isinstance(item, (list, tuple)) else None
        if row is None or row.dtype.kind not in "biuf":
            return None
        rows.append(row)
    return np.ma.stack(rows) if len({len(row) for row in rows}) == 1 else None


def _is_element(key: str, name: str) -> bool:
    """Whether a name is that of one cell, which `flatten` lists by its own key."""
    return key.removeprefix(f"{name}/").isdecimal() and key != name


def _is_whole(key: object) -> bool:
    whole = isinstance(key, (int, np.integer)) and not isinstance(key, bool)
    return whole and abs(int(key)) < 2**63  # type: ignore[call-overload]


def _as_array(value: object, name: str) -> np.ndarray | None:
    """An array, a number, a text, or a list of numbers or texts as an array; None for the rest."""
    if isinstance(value, Array):
        return value.array
    if isinstance(value, (np.ndarray, np.generic, int, float, str, bytes, complex)):
        return np.asarray(value)
    if not isinstance(value, (list, tuple)) or not value:
        return None
    if not all(item is None or isinstance(item, SCALARS) for item in value):
        return None
    if any(isinstance(item, str) for item in value):
        return _texts(value, name)
    given = [item for item in value if item is not None]
    if given and all(isinstance(item, (bool, np.bool_)) for item in given):
        truth = np.array([bool(item) for item in value])
        absent = [item is None for item in value]
        return np.ma.masked_array(truth, absent) if any(absent) else truth
    if all(isinstance(item, (int, np.integer)) for item in given):
        return _whole_numbers(value, given, name)
    return np.array([np.nan if item is None else item for item in value], np.float64)


def _whole_numbers(value: Sequence[Any], given: list[Any], name: str) -> np.ndarray:
    """Whole numbers, as text where no number holds them exactly."""
    for kind in (np.int64, np.uint64):
        try:
            numbers = np.array([int(item) for item in given], kind)
        except OverflowError:
            continue
        if len(given) == len(value):
            return numbers
        if fit_floats(numbers):
            return np.array([np.nan if item is None else int(item) for item in value])
    return _texts(value, name)


def _texts(value: Sequence[Any], name: str) -> np.ndarray:
    text = TextColumn(f"'{name}'")
    text.add(value)
    return text.array()
