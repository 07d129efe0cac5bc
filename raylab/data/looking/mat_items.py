"""The items of MATLAB files: version 4 to 7.2 through scipy, version 7.3 (HDF5) through h5py."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from raylab.data.looking.array_items import BLOCK, array_item, block_of
from raylab.data.looking.hdf5_items import attributes_of, dataset_item
from raylab.data.looking.item import DIFFERS, Item
from raylab.data.looking.values import values_of

MOST_CELLS = 512  # whose sizes are looked at
READ_WHOLE = 2**28  # bytes of an older file, whose structures have no listing


def mat_items(path: Path) -> list[Item]:
    """Variables and the fields of structures, as `structure/field`."""
    import h5py

    if h5py.is_hdf5(path):
        with h5py.File(path, "r") as file:
            items: list[Item] = []
            _walk(file, "", items)
            return items
    from scipy.io import loadmat, whosmat

    if path.stat().st_size > READ_WHOLE:
        note = "not read: the file is large, and files of this version have no index"
        return [
            Item(name=name, shape=shape, dtype=kind, note=note)
            for name, shape, kind in whosmat(str(path))
        ]
    from raylab.data.readers.formats.mat import _check_expanded

    _check_expanded(path)
    items = []
    for name, value in loadmat(str(path)).items():
        if not name.startswith("__"):
            items += _variable(name, value)
    return items


def _walk(group: Any, name: str, items: list[Item]) -> None:
    import h5py

    for key in group:
        if key.startswith("#"):  # where MATLAB keeps the contents of cells
            continue
        place, value = (f"{name}/{key}" if name else key), group.get(key)
        if isinstance(value, h5py.Group):
            items.append(Item(name=place, kind="group", attributes=attributes_of(value)))
            _walk(value, place, items)
        elif isinstance(value, h5py.Dataset):
            items.append(_dataset(value, place))


def _dataset(dataset: Any, place: str) -> Item:
    import h5py

    item = dataset_item(dataset, place, turned=True)
    matlab = item.attributes.get("MATLAB_class")
    if h5py.check_ref_dtype(dataset.dtype) is not None and dataset.size:
        inner = dataset.file[dataset[(0,) * dataset.ndim]]
        numeric = isinstance(inner, h5py.Dataset) and inner.dtype.kind in "biuf"
        cells = _cells(place, item.shape, numeric and _class(inner) not in ("char", "cell"))
        return cells if cells.kind != "cells" else _referred(cells, dataset)
    if matlab == "char" and dataset.size <= 4096:
        text = "".join(map(chr, np.asarray(dataset[()]).T.reshape(-1)))
        return replace(item, dtype="text", shape=(), values=values_of(np.array([text])), columns=())
    return item


def _referred(item: Item, dataset: Any) -> Item:
    """The cells of version 7.3 with the sizes of their contents, whose axes HDF5 turns around."""
    inner = [dataset.file[ref] for ref in np.asarray(dataset[()]).reshape(-1)[:MOST_CELLS]]
    shapes = [tuple(reversed(getattr(cell, "shape", ()))) for cell in inner]
    return _of_matrices(item, shapes, lambda: np.asarray(inner[0][()]).T)


def _class(dataset: Any) -> str:
    value = dataset.attrs.get("MATLAB_class", b"")
    return value.decode() if isinstance(value, bytes) else str(value)


def _cells(name: str, shape: tuple[int, ...], numeric: bool) -> Item:
    kind = "numbers" if numeric else "text or other cells"
    return Item(
        name=name,
        kind="cells" if numeric else "objects",
        shape=shape,
        dtype="cells" if numeric else "objects",
        note=f"{int(np.prod(shape))} cells of {kind}",
    )


def _cell_array(name: str, value: np.ndarray) -> Item:
    """A cell array, or a field of a structure array, of a file of version 5."""
    inner = [cell for cell in value.flat if isinstance(cell, np.ndarray)]
    whole = len(inner) == value.size > 0
    if whole and all(cell.dtype.kind == "U" and cell.size <= 1 for cell in inner):
        texts = np.array(["".join(cell.reshape(-1)) for cell in inner])
        return Item(name=name, dtype="text", shape=value.shape, values=values_of(texts))
    numeric = whole and all(cell.dtype.kind in "biuf" for cell in inner)
    item = _cells(name, value.shape, numeric)
    if not numeric:
        return item
    return _of_matrices(item, [cell.shape for cell in inner], lambda: inner[0])


def _of_matrices(
    item: Item, shapes: Sequence[tuple[int, ...]], first: Callable[[], np.ndarray]
) -> Item:
    """The cells with the sizes that all of them share, where they hold matrices or lone numbers."""
    if all(math.prod(shape) <= 1 for shape in shapes):
        return replace(item, attributes={"lone": True})
    if not all(len(shape) == 2 for shape in shapes) or not any(min(shape) > 1 for shape in shapes):
        return item
    rows, columns = ({shape[axis] for shape in shapes} for axis in range(2))
    sizes = {
        "rows": rows.pop() if len(rows) == 1 else DIFFERS,
        "columns": columns.pop() if len(columns) == 1 else DIFFERS,
    }
    values = values_of(block_of(first()), everything=False)
    return replace(item, attributes=sizes, values=values)


def _variable(name: str, value: Any) -> list[Item]:
    if not isinstance(value, np.ndarray):  # sparse
        block = value.tocsc()[:BLOCK, :BLOCK].toarray()
        everything = block.size == math.prod(value.shape)
        item = array_item(name, value.shape, value.dtype, block, everything=everything)
        return [replace(item, note=f"sparse, {value.nnz} values that are not 0")]
    if value.dtype.names is not None:
        if value.size != 1:
            note = f"structure array of {', '.join(value.dtype.names[:6])}"
            shape = value.shape
            array = Item(name=name, kind="group", shape=shape, note=note)
            fields = [(f"{name}/{field}", value[field]) for field in value.dtype.names]
            return [array, *(item for place, cells in fields for item in _variable(place, cells))]
        items = [Item(name=name, kind="group", attributes={"MATLAB_class": "struct"})]
        for field in value.dtype.names:
            items += _variable(f"{name}/{field}", value.flat[0][field])
        return items
    if value.dtype.hasobject:
        return [_cell_array(name, value)]
    if value.dtype.kind == "U" and value.size == 1:
        return [Item(name=name, dtype="text", values=values_of(value))]
    sample = block_of(value)
    return [
        array_item(name, value.shape, value.dtype, sample, everything=sample.size == value.size)
    ]
