"""The items of an HDF5 file, from its metadata and small samples of its datasets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from raylab.data.looking.item import Item
from raylab.data.looking.values import MOST, NARROW, columns_of, type_name, values_of

if TYPE_CHECKING:
    import h5py

MOST_ITEMS = 20_000
CHUNK = 2**26  # bytes; a sample of a dataset with larger chunks would unpack one of them
BLOCK = 256  # rows and columns of the sample of a matrix
UNITS = ("unit", "units")
# Attributes that describe how the file was written, not what was recorded.
PLUMBING = {
    *("CLASS", "NAME", "TITLE", "VERSION", "FLAVOR", "DIMENSION_LIST", "REFERENCE_LIST"),
    *("_Netcdf4Dimid", "namespace", "object_id", "PYTABLES_FORMAT_VERSION", "pandas_type"),
    *("pandas_version", "encoding", "errors", "H5PATH", "MATLAB_fields", "MATLAB_int_decode"),
    *("comments", ".specloc"),
}
TEXT = 60  # letters of an attribute


def hdf5_items(file: h5py.File) -> list[Item]:
    """Every group, dataset and link of an open file, in the order of their names."""
    items: list[Item] = []
    _walk(file, "", items)
    return items


def _walk(group: h5py.Group, name: str, items: list[Item]) -> None:
    import h5py

    for key in group:
        if len(items) >= MOST_ITEMS:
            return
        place = f"{name}/{key}" if name else key
        link = group.get(key, getlink=True)
        if isinstance(link, h5py.ExternalLink):
            note = f"link to another file ({Path(link.filename).name}), which is not followed"
            items.append(Item(name=place, kind="link", note=note))
            continue
        item = group.get(key)
        soft = isinstance(link, h5py.SoftLink)
        if item is None or (soft and isinstance(item, h5py.Group)):
            note = f"link to {link.path}" if soft else "cannot be opened"
            items.append(Item(name=place, kind="link", note=note))
        elif isinstance(item, h5py.Group):
            items.append(Item(name=place, kind="group", attributes=attributes_of(item)))
            _walk(item, place, items)
        elif isinstance(item, h5py.Dataset):
            items.append(dataset_item(item, place))


def dataset_item(dataset: h5py.Dataset, name: str, *, turned: bool = False) -> Item:
    """One dataset. `turned`: as MATLAB sees it, whose arrays HDF5 holds transposed."""
    import h5py

    attributes = attributes_of(dataset)
    unit = next((str(attributes.pop(key)) for key in UNITS if key in attributes), "")
    shape = tuple(reversed(dataset.shape or ())) if turned else tuple(dataset.shape or ())
    facts: dict[str, Any] = {"name": name, "shape": shape, "unit": unit, "attributes": attributes}
    text = h5py.check_string_dtype(dataset.dtype) is not None
    if not text and dataset.dtype.kind not in "biuf":
        return Item(**facts, kind="objects", dtype=_other_type(dataset.dtype))
    if dataset.external or dataset.is_virtual:
        note = "stored in another file, which is not read"
        return Item(**facts, dtype=type_name(dataset.dtype), note=note)
    sample, everything = _sample(dataset, text)
    return Item(
        **facts,
        dtype="text" if text else type_name(dataset.dtype),
        values=None if sample is None else values_of(sample, everything=everything),
        columns=() if sample is None or text else columns_of(sample, everything=everything),
    )


def attributes_of(item: h5py.Group | h5py.Dataset) -> dict[str, Any]:
    """The attributes that say something about the recording, as plain values."""
    plain = {}
    for key, value in _attributes(item):
        if key in PLUMBING or key.startswith(("FIELD_", "values_block_", "axis")):
            continue
        simple = _plain(value)
        if simple is not None and simple != "":
            plain[key] = simple
    return plain


def _attributes(item: h5py.Group | h5py.Dataset) -> Iterator[tuple[str, Any]]:
    for key in item.attrs:
        try:
            yield key, item.attrs[key]
        except (OSError, TypeError, ValueError, KeyError):  # of a type that h5py does not know
            continue


def _plain(value: Any) -> str | int | float | bool | None:
    """A number or a short text; None for what is neither."""
    if isinstance(value, np.ndarray):
        if value.size != 1 or value.dtype.kind not in "biufSUO":
            return None
        value = value.reshape(-1)[0]
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)
    if isinstance(value, str):
        return value if len(value) <= TEXT else f"{value[: TEXT - 3]}..."
    return value if isinstance(value, bool | int | float) else None


def _other_type(dtype: np.dtype) -> str:
    import h5py

    if h5py.check_ref_dtype(dtype) is not None:
        return "references"
    if dtype.names is not None:
        names = ", ".join(dtype.names[:6])
        return f"table ({names}{', ...' if len(dtype.names) > 6 else ''})"
    return "lists of different lengths" if dtype.kind == "O" else str(dtype)


def _sample(dataset: h5py.Dataset, text: bool) -> tuple[np.ndarray | None, bool]:
    """Some values, and whether they are all; None where reading them would cost too much."""
    if not dataset.size:
        return None, True
    if dataset.chunks and np.prod(dataset.chunks) * dataset.dtype.itemsize > CHUNK:
        return None, False
    source = dataset.asstr(errors="replace") if text else dataset
    most = 4096 if text else MOST
    try:
        if dataset.ndim < 2 or (dataset.ndim == 2 and min(dataset.shape) <= NARROW):
            return _of_table(source, dataset.shape, most), dataset.size <= most
        block = (slice(0, BLOCK), slice(0, BLOCK))
        sample = source[block + (slice(0, 1),) * (dataset.ndim - 2)]
        return np.asarray(sample), sample.size == dataset.size
    except OSError:  # a filter that is not installed; the listing is of use all the same
        return None, False


def _of_table(source: Any, shape: tuple[int, ...], most: int) -> np.ndarray:
    """The first rows of a vector or of a narrow table."""
    if not shape:
        return np.asarray(source[()])
    if len(shape) == 2 and shape[0] < shape[1]:
        return np.asarray(source[:, : max(1, most // shape[0])])
    width = shape[1] if len(shape) == 2 else 1
    return np.asarray(source[: max(1, most // max(1, width))])
