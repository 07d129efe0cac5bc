"""One array of NumPy, or a folder of such files. Arrays of objects are pickles, and are refused."""

from __future__ import annotations

import math
from pathlib import Path
from typing import IO

import numpy as np

from raylab.data.readers.guard import guard
from raylab.data.readers.isolation.limits import allow
from raylab.errors import DataError

ALONE = "array"  # what the array of a single file is called
HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
    (3, 0): np.lib.format.read_array_header_2_0,  # the names of fields are UTF-8 here
}


def npy_files(folder: Path) -> list[Path]:
    """The arrays in a folder, hidden files left out: `._x.npy` is no array but a note of macOS."""
    return sorted(
        path for path in folder.glob("*.npy") if path.is_file() and not path.name.startswith(".")
    )


class NpyStore:
    """Arrays by the names of their files without the ending; that of a single file is `array`.

    The fields of a structured array are arrays `name/field`. An array is mapped into memory, so
    that only what is used of a large file is read.
    """

    def __init__(self, path: Path, files: dict[str, Path] | None = None) -> None:
        if files is None:
            files = {file.stem: file for file in npy_files(path)} if path.is_dir() else {}
        self._files = files or {ALONE: path}
        if path.is_file():
            header(path)
        self._names = {
            f"{name}/{field}" if field else name: (file, field)
            for name, file in self._files.items()
            for field in _fields(file)
        }

    def names(self) -> list[str]:
        return list(self._names)

    def read(self, name: str) -> np.ndarray:
        file, field = self._names[name]
        array = read_npy(file)
        return array[field] if field else array

    def close(self) -> None:
        pass


def read_npy(path: Path) -> np.ndarray:
    """An array of a file, mapped; a page that is written to becomes the process's own.

    Raises:
        DataError: It holds Python objects, is larger than an array may be, or is damaged.
    """
    with guard(path, "npy"):
        shape, dtype = header(path)
        if dtype.hasobject:
            raise DataError(f"{path}: holds Python objects, which are a pickle", _converts(path))
        size = math.prod(shape) * dtype.itemsize
        allow(size, str(path))
        if not size:
            return np.load(path, allow_pickle=False)  # nothing cannot be mapped
        return np.lib.format.open_memmap(path, mode="c").view(np.ndarray)


def header(path: Path) -> tuple[tuple[int, ...], np.dtype]:
    """The shape and the type that a file states."""
    with path.open("rb") as file:
        return read_header(file)


def read_header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype]:
    """As `header`, of an open file, which is then at the start of the values."""
    version = np.lib.format.read_magic(file)
    if version not in HEADERS:
        raise ValueError(f"version {version} of the npy format")
    shape, _, dtype = HEADERS[version](file)
    return shape, dtype


def _fields(path: Path) -> tuple[str, ...]:
    """The fields of a structured array; one empty name of another array.

    Also of a damaged file, which is an error only where it is read.
    """
    try:
        return read_npy(path).dtype.names or ("",)
    except DataError:
        return ("",)


def _converts(path: Path) -> str:
    """A remedy for an array of objects: the line that makes plain arrays of it."""
    shape, _ = header(path)
    loaded, target = f"np.load('{path.name}', allow_pickle=True)", path.with_suffix(".npz").name
    if not shape:
        line = f"np.savez('{target}', **{loaded}.item())"
    else:
        line = (
            f"a = {loaded}; np.savez('{target}', values=np.concatenate(a), "
            "row=np.repeat(range(len(a)), [len(x) for x in a]))"
        )
    return f"If you trust the file, convert it once: {line}"
