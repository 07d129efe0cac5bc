"""The values of one dataset of an HDF5 file."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import numpy as np

from raylab.data.readers.isolation.limits import allow
from raylab.data.readers.text import TextColumn
from raylab.errors import DataError

if TYPE_CHECKING:
    import h5py

ROWS = 4096  # of text read at once; its length is known only afterwards


def read_dataset(dataset: h5py.Dataset) -> np.ndarray:
    """All of a dataset, text as kind U.

    Raises:
        DataError: It is stored in another file, larger than an array may be, or compressed by what
            is not installed.
    """
    import h5py

    refuse_foreign(dataset)
    allow_filters(dataset)
    allow(dataset.size * dataset.dtype.itemsize if dataset.size else 0, f"'{dataset.name}'")
    if h5py.check_string_dtype(dataset.dtype) is None:
        return np.asarray(dataset[()])
    text = TextColumn(f"'{dataset.name}'")
    if dataset.ndim != 1:
        text.add(np.ravel(_text(dataset, ())))
        return text.array().reshape(dataset.shape or ())
    for start in range(0, len(dataset), ROWS):
        text.add(_text(dataset, slice(start, start + ROWS)))
    return text.array()


def _text(dataset: h5py.Dataset, part: slice | tuple[()]) -> np.ndarray:
    """A part of a text dataset, as UTF-8 whatever encoding the file states: most state ASCII."""
    try:
        return np.asarray(dataset.asstr("utf-8")[part])
    except UnicodeDecodeError as error:
        raise DataError(
            f"'{dataset.name}' holds text in another encoding than UTF-8, such as "
            f"{bytes(error.object)[:20]!r}",
            "Store the text as UTF-8.",
        ) from None


def refuse_foreign(dataset: h5py.Dataset) -> None:
    """Raise a DataError where the values of a dataset lie in another file.

    That may be any file of this machine.
    """
    if dataset.external or dataset.is_virtual:
        raise DataError(
            f"'{dataset.name}' is stored in another file, which is not read",
            "Copy the values into this file, for example with h5repack or h5py.",
        )


def allow_filters(dataset: h5py.Dataset) -> None:
    """Make the filters that a dataset is compressed with available.

    Raises:
        DataError: One of them is not installed.
    """
    import h5py

    created = dataset.id.get_create_plist()
    for number in range(created.get_nfilters()):
        code, _, _, name = created.get_filter(number)
        if h5py.h5z.filter_avail(code):
            continue
        with contextlib.suppress(ImportError):
            import hdf5plugin  # noqa: F401  which makes its filters known to h5py
        if h5py.h5z.filter_avail(code):
            continue
        title = name.decode("utf-8", "replace") or "a filter"
        raise DataError(
            f"'{dataset.name}' is compressed with {title} (HDF5 filter {code}), which is not "
            "installed",
            "pip install 'raylab[hdf5-filters]', or store the file with gzip: "
            "h5repack -f GZIP=4 OLD NEW",
        )
