"""Columns of Arrow tables as numpy arrays, no value of which passes through a float on its way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from raylab.data.readers.text import fit_floats, text_array

if TYPE_CHECKING:
    import pyarrow as pa


def why_left_out(kind: pa.DataType) -> str | None:
    """The reason why a column of a type is not read; None where it is."""
    import pyarrow as pa

    kind = _stored(kind)
    if pa.types.is_nested(kind):
        return f"a column of lists or structures ({kind})"
    known = (
        pa.types.is_boolean(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_temporal(kind)
        or pa.types.is_null(kind)
        or _is_text(kind)
    )
    return None if known else f"a column of type {kind}"


def array_of(cells: Any, name: str) -> np.ndarray:
    """The values of a column: numbers and dates by their type, everything else as text.

    A missing value is NaN, NaT or empty text. Whole numbers that floats do not hold exactly become
    text where one of them is missing.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(cells.type, pa.BaseExtensionType):
        cells = cells.cast(cells.type.storage_type)
    if pa.types.is_dictionary(cells.type):
        cells = cells.cast(cells.type.value_type)
    kind = cells.type
    if pa.types.is_null(kind):
        return np.full(len(cells), np.nan)
    if pa.types.is_floating(kind) or pa.types.is_date(kind):
        return np.asarray(cells.to_numpy())
    if pa.types.is_timestamp(kind) or pa.types.is_duration(kind):
        return np.asarray(cells.to_numpy())
    if pa.types.is_decimal(kind):
        whole = _whole(cells)
        cells = whole if whole is not None else cells.cast(pa.string())
        if whole is None and kind.scale > 0:  # by way of text, which rounds once
            return np.asarray(cells.cast(pa.float64()).to_numpy())
    if pa.types.is_integer(cells.type):
        return _integers(cells, name)
    if pa.types.is_boolean(kind) and not cells.null_count:
        return np.asarray(cells.to_numpy())
    if pa.types.is_boolean(kind):
        return text_array(pc.if_else(cells, "True", "False"), name)
    if _is_binary(kind):
        return text_array(_decoded(cells), name)
    return text_array(cells.cast(pa.string()), name)


def _integers(cells: pa.ChunkedArray, name: str) -> np.ndarray:
    import pyarrow as pa

    if not cells.null_count:
        return np.asarray(cells.to_numpy())
    given = np.asarray(cells.drop_null().to_numpy())
    if not fit_floats(given):
        return text_array(cells.cast(pa.string()), name)
    values = np.full(len(cells), np.nan)
    values[cells.is_valid().to_numpy()] = given
    return values


def _whole(cells: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Decimals without a fraction as whole numbers; None where they are none."""
    import pyarrow as pa

    try:
        return cells.cast(pa.int64())
    except pa.ArrowInvalid:
        return None


def _decoded(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa

    texts = [
        None if cell is None else cell.decode("utf-8", "replace") for cell in cells.to_pylist()
    ]
    return pa.chunked_array([pa.array(texts, pa.string())])


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_string_view(kind)
        or _is_binary(kind)
    )


def _is_binary(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_binary_view(kind)
        or pa.types.is_fixed_size_binary(kind)
    )


def _stored(kind: pa.DataType) -> pa.DataType:
    """The type of the values behind an extension type or a dictionary."""
    import pyarrow as pa

    if isinstance(kind, pa.BaseExtensionType):
        kind = kind.storage_type
    return kind.value_type if pa.types.is_dictionary(kind) else kind
