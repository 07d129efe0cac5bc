"""Columns of tables: arrays of their own, fields of records, or columns of a matrix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from raylab.data.labels.classes import class_name
from raylab.data.readers.files import Files
from raylab.data.readers.labelling.group_ids import LARGEST_FLOAT
from raylab.data.readers.parts.arrays import chosen_columns
from raylab.errors import DataError


def named_columns(files: Files, table: str, names: tuple[str, ...], key: str) -> np.ndarray:
    """(K,) values of a column of a table, or (K, D) of several."""
    columns = [checked_values(files.column(table, name, key), key) for name in names]
    vectors = [
        column.reshape(-1) if column.size == max(column.shape) else column for column in columns
    ]
    if len(vectors) == 1:
        return vectors[0]
    for name, column in zip(names, vectors):
        if column.ndim > 1:
            raise DataError(
                f"`{key}`: '{name}' has shape {column.shape}, not one value per row",
                f"Check `{key}`.",
            )
    if len({len(column) for column in vectors}) > 1:
        lengths = ", ".join(f"'{name}' has {len(each)}" for name, each in zip(names, vectors))
        raise DataError(f"`{key}` differ in their number of values: {lengths}", f"Check `{key}`.")
    return np.ma.stack(vectors, axis=1)


def column_of(files: Files, table: str, column: int | str, key: str) -> np.ndarray:
    """(K,) values of a column by its name, or by its number in the matrix at `table`.

    A table without a path is the file itself, whose columns have names only.
    """
    if isinstance(column, str) or not table:
        values = np.atleast_1d(files.column(table, str(column), key))
        values = values.reshape(-1) if values.size == max(values.shape) else values
    else:
        matrix = np.atleast_2d(files.read(table, key))
        values = chosen_columns(matrix, key, (column,)).reshape(-1)
    if values.ndim != 1:
        raise DataError(
            f"`{key}` names an array of shape {values.shape}, not one value per interval",
            f"Check `{key}`.",
        )
    return checked_values(values, key)


def joined_exactly(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """The rows of all arrays. Numbers that no common type would hold exactly become text."""
    joined = np.concatenate(arrays)
    whole = [array for array in arrays if array.dtype.kind in "iu" and array.size]
    is_exact = joined.dtype.kind != "f" or all(
        int(array.min()) >= -LARGEST_FLOAT and int(array.max()) <= LARGEST_FLOAT for array in whole
    )
    if is_exact:
        return joined
    names = [[class_name(value) or "" for value in array.flat] for array in arrays]
    return np.concatenate(
        [np.array(name, str).reshape(array.shape) for name, array in zip(names, arrays)]
    )


def checked_values(raw: np.ndarray, key: str) -> np.ndarray:
    """`raw`, which must be an array of numbers, text or dates."""
    if raw.ndim == 0:
        raise DataError(f"`{key}` names a single value, not one per sample", f"Check `{key}`.")
    if raw.dtype.kind not in "biufUSMm":
        raise DataError(
            f"`{key}` names an array of type {raw.dtype}, not of numbers or text",
            f"Check `{key}`.",
        )
    return raw
