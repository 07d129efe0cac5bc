"""HDF5 files of any layout. Values that are stored in another file are not read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from raylab.data.readers.isolation.limits import allow
from raylab.data.readers.text import TextColumn
from raylab.errors import DataError

if TYPE_CHECKING:
    import h5py

ROWS = 4096  # of text read at once; its length is known only afterwards


class Hdf5Store:
    """Datasets by their path.

    Object references, compound types and the targets of links are left out.
    """

    def __init__(self, path: Path) -> None:
        import h5py

        self._file = h5py.File(path, "r")
        self._names: list[str] = []
        self._file.visititems(self._visit)

    def _visit(self, name: str | bytes, item: object) -> None:
        import h5py

        # A name that is not UTF-8 comes as bytes; no recipe can write it.
        if (
            isinstance(name, str)
            and isinstance(item, h5py.Dataset)
            and (item.dtype.kind in "biuf" or h5py.check_string_dtype(item.dtype))
        ):
            self._names.append(name)

    def names(self) -> list[str]:
        return self._names

    def read(self, name: str) -> np.ndarray:
        return read_dataset(self._file[name])

    def close(self) -> None:
        self._file.close()


def read_dataset(dataset: h5py.Dataset) -> np.ndarray:
    """All of a dataset, text as kind U.

    Raises:
        DataError: It is stored in another file, or larger than an array may be.
    """
    import h5py

    refuse_foreign(dataset)
    allow(dataset.size * dataset.dtype.itemsize if dataset.size else 0, f"'{dataset.name}'")
    if h5py.check_string_dtype(dataset.dtype) is None:
        return np.asarray(dataset[()])
    text = TextColumn(f"'{dataset.name}'")
    if dataset.ndim != 1:
        text.add(np.ravel(dataset.asstr()[()]))
        return text.array().reshape(dataset.shape or ())
    for start in range(0, len(dataset), ROWS):
        text.add(dataset.asstr()[start : start + ROWS])
    return text.array()


def refuse_foreign(dataset: h5py.Dataset) -> None:
    """Raise a DataError where the values of a dataset lie in another file.

    That may be any file of this machine.
    """
    if dataset.external or dataset.is_virtual:
        raise DataError(
            f"'{dataset.name}' is stored in another file, which is not read",
            "Copy the values into this file, for example with h5repack or h5py.",
        )


def check_whole(path: Path, *, sizes: bool = False) -> None:
    """Refuse a file that leads to other files, before a library that would follow it opens it.

    Args:
        sizes: Also refuse datasets larger than an array may be, for libraries that read all of
            them.

    Raises:
        DataError: An external link, a virtual dataset, external storage, or a dataset that is too
            large.
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
                if sizes and item.size:
                    allow(item.size * item.dtype.itemsize, f"'{name}'")
