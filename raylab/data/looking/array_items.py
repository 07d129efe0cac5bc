"""The items of `.npy` files and `.npz` archives, from their headers and samples."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np

from raylab.data.looking.item import Item
from raylab.data.looking.values import MOST, NARROW, columns_of, type_name, values_of
from raylab.data.readers.object_arrays import read_objects
from raylab.data.readers.suite2p.planes import SETTINGS
from raylab.errors import DataError

LARGEST_SETTINGS = 2**27  # bytes of a file that is read for the rate that it states
BLOCK = 256
HEAD = 2**21  # bytes of an archive's member that are unpacked for the sample


def npy_items(path: Path) -> list[Item]:
    """The one array of an npy file; its name is the file's stem."""
    with path.open("rb") as file:
        shape, _, dtype = read_header(file)
    if dtype.hasobject:
        rate = settings_rate(path)
        attributes = {} if rate is None else {"fs": rate}
        facts: dict[str, Any] = {"shape": shape, "dtype": "objects", "attributes": attributes}
        return [Item(name=path.stem, kind="objects", note="pickled Python objects", **facts)]
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    sample = block_of(array)
    return [array_item(path.stem, shape, dtype, sample, everything=sample.size == array.size)]


def settings_rate(path: Path) -> float | None:
    """The frames per second that settings of Suite2p state; None of other files of objects.

    `ops1.npy` has a dict for each plane. No code of the file is run.
    """
    if path.stem not in (*SETTINGS, "ops1") or path.stat().st_size > LARGEST_SETTINGS:
        return None
    try:
        planes = read_objects(path)
    except DataError:
        return None  # which is an error where the file is read, not where it is looked into
    rate = planes[0].get("fs") if planes and isinstance(planes[0], dict) else None
    rates = np.asarray(rate if rate is not None else 0)
    usable = rates.size == 1 and rates.dtype.kind in "iuf" and rates.reshape(())[()] > 0
    return float(rates.reshape(())) if usable else None


def npz_items(path: Path) -> list[Item]:
    """The arrays of an archive. Of a large array only the first part is unpacked."""
    with zipfile.ZipFile(path) as archive:
        return [_member(archive, member) for member in archive.infolist()]


def array_item(
    name: str, shape: tuple[int, ...], dtype: np.dtype, sample: np.ndarray, *, everything: bool
) -> Item:
    """An array with what its sample looks like."""
    return Item(
        name=name,
        shape=shape,
        dtype=type_name(dtype),
        values=values_of(sample, everything=everything),
        columns=columns_of(sample, everything=everything),
    )


def block_of(array: np.ndarray) -> np.ndarray:
    """A vector's or narrow table's first values; the first rows and columns of a larger array."""
    if array.ndim == 0:
        return np.asarray(array)
    if array.ndim == 1:
        return np.asarray(array[:MOST])
    if array.ndim == 2 and array.shape[0] < array.shape[1] and array.shape[0] <= NARROW:
        return np.asarray(array[:, : MOST // max(1, array.shape[0])])
    if array.ndim == 2 and array.shape[1] <= NARROW:
        return np.asarray(array[: MOST // max(1, array.shape[1])])
    return np.asarray(array[tuple(slice(0, BLOCK if at < 2 else 16) for at in range(array.ndim))])


def read_header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    """(shape, order of FORTRAN, type) that the header of an npy stream states."""
    version = np.lib.format.read_magic(file)
    first = version == (1, 0)
    formats: Any = np.lib.format
    read = formats.read_array_header_1_0 if first else formats.read_array_header_2_0
    shape, fortran, dtype = read(file)
    return tuple(shape), bool(fortran), dtype


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Item:
    name = member.filename.removesuffix(".npy")
    with archive.open(member) as file:
        if file.read(6) != np.lib.format.MAGIC_PREFIX:
            return Item(name=name, kind="objects", note="no array")
    with archive.open(member) as file:
        shape, fortran, dtype = read_header(file)
        if dtype.hasobject:
            note = "pickled Python objects, which are refused"
            return Item(name=name, kind="objects", shape=shape, dtype="objects", note=note)
        sample, everything = _head(file, shape, fortran, dtype)
    return array_item(name, shape, dtype, sample, everything=everything)


def _head(
    file: IO[bytes], shape: tuple[int, ...], fortran: bool, dtype: np.dtype
) -> tuple[np.ndarray, bool]:
    """The first rows (in the order of FORTRAN: columns) of an array, and whether they are all."""
    lying = tuple(reversed(shape)) if fortran else shape
    row = int(np.prod(lying[1:], dtype=np.int64)) * dtype.itemsize if lying else dtype.itemsize
    size = row * (lying[0] if lying else 1)
    raw = file.read(min(size, max(row, HEAD) if row <= 16 * HEAD else 0))
    rows = len(raw) // row if row else 0
    flat = np.frombuffer(raw[: rows * row], dtype)
    sample = flat.reshape((rows, *lying[1:]) if lying else ())
    return block_of(sample.T if fortran else sample), rows * row == size
