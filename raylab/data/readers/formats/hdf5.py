"""HDF5 files of any layout. Values that are stored in another file are not read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from raylab.data.readers.cells import Reader
from raylab.data.readers.formats.hdf5_items import readers_of_dataset
from raylab.data.readers.formats.hdf5_tree import attribute_names, read_attribute, walk
from raylab.data.readers.formats.hdf5_values import allow_filters, refuse_foreign
from raylab.data.readers.isolation.limits import allow
from raylab.errors import DataError

if TYPE_CHECKING:
    import h5py


class Hdf5Store:
    """Datasets by their path, fields of compound types as `path/field`, attributes as
    `path@attribute`.

    Links inside of the file are followed.
    """

    def __init__(self, path: Path) -> None:
        import h5py

        self._file = h5py.File(path, "r")
        self._readers: dict[str, Reader] = {}
        self._left_out: dict[str, str] = {}
        try:
            self._list()
        except BaseException:
            self._file.close()
            raise

    def names(self) -> list[str]:
        return list(self._readers)

    def left_out(self) -> dict[str, str]:
        return self._left_out

    def read(self, name: str) -> np.ndarray:
        return self._readers[name]()

    def close(self) -> None:
        self._readers = {}
        self._file.close()

    def _list(self) -> None:
        attributes: dict[str, Reader] = {}
        for path, item in walk(self._file, self._left_out):
            for name, key in attribute_names(path, item):
                attributes[name] = _attribute(item, key)
            if hasattr(item, "shape"):
                readers, left_out = readers_of_dataset(path, item)
                self._readers |= readers
                self._left_out |= left_out
        self._readers |= attributes


def _attribute(item: h5py.Group | h5py.Dataset, key: str) -> Reader:
    return lambda: read_attribute(item, key)


def check_whole(path: Path, *, sizes: bool = False) -> None:
    """Refuse a file that leads to other files, before a library that would follow it opens it.

    Args:
        sizes: Also refuse datasets larger than an array may be, for libraries that read all of
            them.

    Raises:
        DataError: An external link, a virtual dataset, external storage, or a dataset that is too
            large or whose compression is not installed.
    """
    import h5py

    with h5py.File(path, "r") as file:
        links: list[tuple[str, object]] = []
        file.visititems_links(
            lambda name, link: links.append((name, link))
        )  # no exception may leave this function
        for name, link in links:
            if isinstance(link, h5py.ExternalLink):
                raise DataError(
                    f"{path}: '{name}' is a link to another file ('{link.filename}'), which is not "
                    "followed",
                    "Copy the linked data into this file.",
                )
            if isinstance(link, h5py.HardLink) and isinstance(item := file[name], h5py.Dataset):
                refuse_foreign(item)
                allow_filters(item)
                if sizes and item.size:
                    allow(item.size * item.dtype.itemsize, f"'{name}'")
