"""The interface of file formats that hold named arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from raylab.data.readers.text import TextColumn

MOST_OBJECTS, MOST_LEVELS = 300_000, 100


class Store(Protocol):
    """An open file as arrays with names; the parts of a name are joined by `/`.

    Arrays of text are of kind U, never of objects.
    """

    def names(self) -> list[str]:
        """The names of all arrays in the file."""

    def read(self, name: str) -> np.ndarray:
        """Read one array; `name` is one of `names()`."""

    def close(self) -> None:
        """Release the file."""


def left_out_of(store: Store) -> Mapping[str, str]:
    """What is in the file and not among the names, with the reason.

    A store that knows has a method `left_out` without arguments.
    """
    left_out: Mapping[str, str] = getattr(store, "left_out", dict)()
    return left_out


def notes_of(store: Store) -> tuple[str, ...]:
    """What a store chose or dropped, one sentence each: its `notes`, if it has them."""
    return tuple(getattr(store, "notes", ()))


def unit_columns_of(store: Store) -> Mapping[str, str]:
    """The arrays with a row per unit that a store knows of: its `unit_columns`, if it has them.

    They are like the recipe's `units`: the name of an array by the name of the column.
    """
    columns: Mapping[str, str] = getattr(store, "unit_columns", {})
    return columns


class MemoryStore:
    """A file that was read whole.

    Args:
        left_out: What of the file is no array, by name.
    """

    def __init__(
        self, arrays: dict[str, np.ndarray], left_out: dict[str, str] | None = None
    ) -> None:
        self._arrays, self._left_out = arrays, left_out or {}

    def names(self) -> list[str]:
        return list(self._arrays)

    def left_out(self) -> dict[str, str]:
        return self._left_out

    def read(self, name: str) -> np.ndarray:
        return self._arrays[name]

    def close(self) -> None:
        self._arrays = {}


def flatten(value: object) -> dict[str, np.ndarray]:
    """Collect the arrays of nested dicts and lists by their `/`-joined names.

    Other objects are left out.

    Raises:
        ValueError: There are more objects than a recording has. A pickle of a few bytes can hold
            one list 2^40 times.
    """
    arrays: dict[str, np.ndarray] = {}
    pending, visited = [("", value)], 0
    while pending:
        name, item = pending.pop()
        visited += 1
        if visited > MOST_OBJECTS or name.count("/") > MOST_LEVELS:
            raise ValueError("nested containers without end")
        inner = _items(item)
        if inner is not None:
            pending += [(f"{name}/{key}" if name else key, each) for key, each in reversed(inner)]
        elif not (array := _as_array(item, name)).dtype.hasobject:
            arrays[name or "array"] = array
    return arrays


def _items(value: object) -> list[tuple[str, object]] | None:
    """The contents of a container; None for what becomes one array."""
    if isinstance(value, dict):
        return [
            (str(key), item) for key, item in value.items() if isinstance(key, (str, int, float))
        ]
    if isinstance(value, (list, tuple)) and not all(
        isinstance(item, (int, float, str)) for item in value
    ):
        return [(str(key), item) for key, item in enumerate(value)]
    return None


def _as_array(value: object, name: str) -> np.ndarray:
    if isinstance(value, (list, tuple)) and any(isinstance(item, str) for item in value):
        text = TextColumn(f"'{name}'")
        text.add(value)
        return text.array()
    return np.asarray(value)
