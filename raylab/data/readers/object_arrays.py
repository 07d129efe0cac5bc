"""Arrays of Python objects in npy files, such as `ops.npy` of Suite2p, without running their code.

Such a file is a pickle. Arrays, numbers, text and plain containers are let out of it, as
`plain_pickle.py` builds them; whatever else it names, such as a date, becomes an object that does
nothing. No function or class of the file's choice is imported.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

from raylab.data.readers.formats.npy import read_header
from raylab.data.readers.guard import guard
from raylab.data.readers.isolation.limits import allow
from raylab.data.readers.plain_pickle import ALLOWED, Array, Dtype, ndarray

EXPANDS = 4  # objects take more memory than their pickle


class Inert:
    """Stands for an object of any class: it takes what the file does to it, and does nothing."""

    def __new__(cls, *arguments: object, **named: object) -> Inert:
        return object.__new__(cls)

    def __init__(self, *arguments: object, **named: object) -> None:
        pass

    def __setstate__(self, state: object) -> None:
        pass

    def __setitem__(self, key: object, value: object) -> None:
        pass

    def append(self, item: object) -> None:
        pass

    def extend(self, items: object) -> None:
        pass


class ObjectDtype(Dtype):
    """A dtype that may also be that of Python objects."""

    def __init__(self, name: object, align: object = False, copy: object = True) -> None:
        self.objects = str(name).lstrip("<>|=").startswith("O")
        if self.objects:
            self.name, self.dtype = name, None
        else:
            super().__init__(name, align, copy)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        if not self.objects:
            super().__setstate__(state)


class ObjectArray(Array):
    """An array that may hold Python objects, which are then the list `items`."""

    items: list[object] | None = None

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        dtype, content = state[2], state[4]
        if not (isinstance(dtype, ObjectDtype) and dtype.objects):
            super().__setstate__(state)
        elif isinstance(content, list):
            self.items = content
        else:
            raise ValueError("an array of objects without a list of them")


def _reconstruct(kind: object, shape: object, dtype: object) -> ObjectArray:
    if kind is not ndarray:
        raise ValueError("not an array")
    return ObjectArray()


_ALLOWED: dict[tuple[str, str], Callable[..., object]] = {
    **ALLOWED,
    ("numpy", "dtype"): ObjectDtype,
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Callable[..., object]:
        return _ALLOWED.get((module, name), Inert)


def read_objects(path: Path) -> list[object]:
    """The objects of an array, one after the other; a single object is a list of one.

    Arrays among them, and inside of them, have `__array__`.

    Raises:
        DataError: The file holds no array of objects, is damaged, or is larger than an array may
            be.
    """
    allow(EXPANDS * path.stat().st_size, str(path))
    with guard(path, "npy"), path.open("rb") as file:
        _, dtype = read_header(file)
        if not dtype.hasobject:
            raise ValueError(f"an array of {dtype} where one of objects is needed")
        loaded = _Unpickler(file, encoding="latin1").load()
        if not isinstance(loaded, ObjectArray) or loaded.items is None:
            raise ValueError("no array of objects")
        return loaded.items
