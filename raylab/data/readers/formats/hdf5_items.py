"""What the datasets of an HDF5 file become: arrays by name, or a reason why there is none."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from raylab.data.readers.cells import Cell, Reader, readers_of_cells
from raylab.data.readers.formats.hdf5_scaling import read_scaled
from raylab.data.readers.formats.hdf5_values import allow_filters, read_dataset, refuse_foreign
from raylab.data.readers.isolation.limits import allow

if TYPE_CHECKING:
    import h5py

Readers = dict[str, Reader]
MOST_CELLS = 100_000


def readers_of_dataset(name: str, dataset: h5py.Dataset) -> tuple[Readers, dict[str, str]]:
    """The readers of the arrays that a dataset becomes, and what is left out, with reasons."""
    import h5py

    kind = dataset.dtype
    if dataset.shape is None:
        return {}, {name: "an empty dataset, without a shape"}
    if _is_plain(kind) or (kind.subdtype is not None and kind.subdtype[0].kind in "biuf"):
        return {name: partial(read_scaled, dataset)}, {}
    if kind.names:
        return _fields(name, dataset)
    if h5py.check_vlen_dtype(kind) is not None:
        return _ragged(name, dataset)
    if h5py.check_ref_dtype(kind) is not None:
        return _referred(name, dataset)
    return {}, {name: _reason(kind)}


def _is_plain(kind: np.dtype) -> bool:
    import h5py

    return kind.kind in "biufmM" or h5py.check_string_dtype(kind) is not None


def _reason(kind: np.dtype) -> str:
    if kind.kind == "c":
        return "an array of complex numbers; store its real part or its absolute value"
    return f"an array of opaque values ({kind})" if kind.kind == "V" else f"of type {kind}"


def _fields(name: str, dataset: h5py.Dataset) -> tuple[Readers, dict[str, str]]:
    """The fields of a compound type are arrays of their own."""
    readers: Readers = {}
    left_out = {name: "an array of structures; its fields are "}
    for field in dataset.dtype.names or ():
        kind, whole = dataset.dtype[field], f"{name}/{field}"
        base = kind.subdtype[0] if kind.subdtype else kind
        if _is_plain(base):
            readers[whole] = partial(_read_field, dataset, field)
        else:
            left_out[whole] = "a field of structures, references or lists"
    left_out[name] += ", ".join(f"'{whole}'" for whole in list(readers)[:6]) or "no numbers"
    return readers, left_out


def _read_field(dataset: h5py.Dataset, field: str) -> np.ndarray:
    import h5py

    refuse_foreign(dataset)
    allow_filters(dataset)
    allow(dataset.size * dataset.dtype.itemsize, f"'{dataset.name}'")
    values = dataset[field]
    if h5py.check_string_dtype(dataset.dtype[field]) is None:
        return np.asarray(values)
    texts = [text.decode("utf-8", "replace") for text in np.ravel(values)]
    return np.array(texts, str).reshape(values.shape)


def _ragged(name: str, dataset: h5py.Dataset) -> tuple[Readers, dict[str, str]]:
    """Rows of different lengths, as spike times of units."""
    kind = np.dtype(dataset.dtype.metadata["vlen"])
    if kind.kind not in "biuf" or dataset.ndim != 1 or len(dataset) > MOST_CELLS:
        return {}, {name: f"an array of lists of type {kind}"}
    cells = _Rows(dataset)
    return {
        name: cells.joined,
        f"{name}/unit": cells.rows,
        f"{name}/unit_ids": partial(np.arange, len(dataset)),
    }, {}


class _Rows:
    """The rows of a ragged dataset; their lengths are known only when they are read."""

    def __init__(self, dataset: h5py.Dataset) -> None:
        self._dataset = dataset

    def joined(self) -> np.ndarray:
        rows = self._read()
        return np.concatenate(rows) if rows else np.zeros(0)

    def rows(self) -> np.ndarray:
        return np.repeat(np.arange(len(self._dataset)), [len(row) for row in self._read()])

    def _read(self) -> list[np.ndarray]:
        refuse_foreign(self._dataset)
        allow_filters(self._dataset)
        rows, size = [], 0
        for number in range(len(self._dataset)):
            rows.append(np.asarray(self._dataset[number]))
            size += rows[-1].nbytes
            allow(size, f"'{self._dataset.name}'")
        return rows


def _referred(name: str, dataset: h5py.Dataset) -> tuple[Readers, dict[str, str]]:
    """References to arrays, read as a cell array."""
    items = referred_items(dataset)
    if isinstance(items, str):
        return {}, {name: items}
    cells = [_cell(item) for item in items]
    if any(cell is None for cell in cells):
        return {}, {name: "an array of references to other things than arrays of numbers"}
    return readers_of_cells(name, [cell for cell in cells if cell is not None]), {}


def referred_items(dataset: h5py.Dataset) -> list[h5py.Dataset | h5py.Group] | str:
    """What a dataset of references refers to, in order; a reason where one leads to nothing."""
    import h5py

    if h5py.check_ref_dtype(dataset.dtype) is not h5py.Reference:
        return "an array of references to parts of arrays"
    if dataset.size > MOST_CELLS:
        return f"an array of {dataset.size} references"
    refuse_foreign(dataset)
    allow_filters(dataset)
    items = []
    for reference in np.ravel(dataset[()]):
        try:
            item = dataset.file[reference] if reference else None
        except (KeyError, ValueError, OSError, RuntimeError):  # of damaged files
            item = None
        if not isinstance(item, (h5py.Dataset, h5py.Group)):
            return "an array of references, of which some lead to no array"
        items.append(item)
    return items


def _cell(item: h5py.Dataset | h5py.Group) -> Cell | None:
    import h5py

    if not isinstance(item, h5py.Dataset) or item.shape is None:
        return None
    read = partial(read_dataset, item)
    if item.dtype.kind in "biuf":
        return Cell(item.shape, "number", item.dtype.itemsize, read)
    if h5py.check_string_dtype(item.dtype) is not None and item.size == 1:
        return Cell(item.shape, "text", 1, read)
    return None
