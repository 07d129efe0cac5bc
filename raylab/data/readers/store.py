"""The interface of file formats that hold named arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

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
        arrays: By name, or functions that make them.
        left_out: What of the file is no array, by name.
    """

    def __init__(
        self,
        arrays: Mapping[str, np.ndarray | Callable[[], np.ndarray]],
        left_out: dict[str, str] | None = None,
    ) -> None:
        self._arrays, self._left_out = arrays, left_out or {}

    def names(self) -> list[str]:
        return list(self._arrays)

    def left_out(self) -> dict[str, str]:
        return self._left_out

    def read(self, name: str) -> np.ndarray:
        array = self._arrays[name]
        return array if isinstance(array, np.ndarray) else array()

    def close(self) -> None:
        self._arrays = {}
