"""Units that a recipe chooses: by a mask, by their row numbers, or by their ids."""

from __future__ import annotations

import numpy as np

from raylab.data.readers.files import Files
from raylab.data.readers.parts.arrays import numbers
from raylab.errors import DataError

Identity = int | float | str
MOST_LISTED = 12  # values in an error


def mask_of(array: np.ndarray, units: int) -> np.ndarray | None:
    """(N,) bool where an array is a mask of `units` units, else None.

    A mask is of type bool, or holds a 0 or 1 for each unit; zeros and ones that repeat are no
    numbers of units, so they are a mask of whatever length. Of a table with a row per unit, such as
    `iscell` of Suite2p, the first column is the mask.
    """
    if array.ndim == 2 and len(array) == units and array.shape[1] > 1:
        array = array[:, 0]
    if array.size != max(array.shape, default=0):
        return None
    array = array.reshape(-1)
    if array.dtype.kind == "b":
        return array
    is_binary = array.dtype.kind in "iuf" and np.isin(array, (0, 1)).all()
    return array == 1 if is_binary and (len(array) == units or len(array) > 2) else None


def read_choice(files: Files, text: str, key: str) -> np.ndarray:
    """The array at a path; of `path=value`, a mask of the rows that hold the value.

    Several values are separated by commas: `units/quality=good,mua`.

    Raises:
        DataError: The file has no such array, or no row holds one of the values.
    """
    path, separator, values = text.rpartition("=")
    if not separator or files.has(text):
        return files.read(text, key)
    held = [str(value) for value in identities(files.read(path, key))]
    wanted = [value.strip() for value in values.split(",")]
    for value in wanted:
        if value not in held:
            listed = ", ".join(f"'{each}'" for each in sorted(set(held))[:MOST_LISTED])
            raise DataError(
                f"`{key}`: no row of '{path}' holds '{value}'", f"It holds {listed or 'nothing'}."
            )
    return np.array([value in wanted for value in held])


def chosen_rows(files: Files, chosen: str | tuple[int, ...], units: int, key: str) -> np.ndarray:
    """The rows of the chosen units.

    Args:
        chosen: The path of a mask or of row numbers, `path=value`, or row numbers.

    Raises:
        DataError: A mask has another length, a row does not exist or is named twice, or no unit is
            left.
    """
    if isinstance(chosen, str):
        array = numbers(np.atleast_1d(read_choice(files, chosen, key)), key)
        mask = mask_of(array, units)
        if mask is not None and len(mask) != units:
            raise DataError(
                f"`{key}` names a mask of {len(mask)} units, there are {units}", f"Check `{key}`."
            )
        rows = np.flatnonzero(mask) if mask is not None else _whole(array, units, key)
    else:
        rows = np.array(chosen, np.int64)
    if not len(rows):
        raise DataError(f"`{key}` chooses no unit of {units}", f"Check `{key}`.")
    if rows.min() < 0 or rows.max() >= units:
        wrong = rows.min() if rows.min() < 0 else rows.max()
        raise DataError(
            f"`{key}` names unit {wrong}, there are {units}", "Units are numbered from 0."
        )
    refuse_twice([int(row) for row in rows], key)
    return rows


def _whole(array: np.ndarray, units: int, key: str) -> np.ndarray:
    if array.size != max(array.shape) or not (array % 1 == 0).all():
        raise DataError(
            f"`{key}` names an array of shape {array.shape}: neither a mask of {units} units nor "
            "row numbers",
            f"Check `{key}`.",
        )
    return array.reshape(-1).astype(np.int64)


def identities(values: np.ndarray) -> list[Identity]:
    """Ids of any type that compare equal where they are the same: 7, 7.0 and np.uint64(7) do."""
    return [identity(value) for value in values.reshape(-1).tolist()]


def identity(value: object) -> Identity:
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, int):  # a bool too
        return int(value)
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return text.strip()


def refuse_twice(values: list[Identity] | list[int], key: str) -> None:
    if len(set(values)) < len(values):
        twice = next(value for value in values if values.count(value) > 1)  # type: ignore[arg-type]
        raise DataError(f"`{key}` names unit {twice} twice", f"Check `{key}`.")
