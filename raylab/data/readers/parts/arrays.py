"""Arrays of a file, checked to be what a recipe takes them for."""

from __future__ import annotations

import numpy as np

from raylab.data.readers.files import Files
from raylab.errors import DataError


def numbers(array: np.ndarray, key: str) -> np.ndarray:
    if array.dtype.kind == "U" and (row := first_text(array)) is not None:
        raise DataError(
            f"`{key}` names an array of text, not of numbers: its value {row} is "
            f"'{array.flat[row]}'",
            f"Check `{key}`. Where this value means that a number is missing, leave it empty or "
            "write `nan` into the file.",
        )
    if array.dtype.kind not in "biuf":
        raise DataError(
            f"`{key}` names an array of type {array.dtype}, not of numbers", f"Check `{key}`."
        )
    return array


def first_text(array: np.ndarray) -> int | None:
    """The place of the first value that is neither a number nor empty."""
    for place, value in enumerate(array.flat):
        try:
            float(value or "nan")
        except ValueError:
            return place
    return None


def vector(array: np.ndarray, key: str, columns: tuple[int, ...] | None) -> np.ndarray:
    """(T,) float64 from (T,), (T, 1), (1, T) or the named column of (T, D)."""
    array = chosen_columns(numbers(array, f"{key}.path"), key, columns).astype(np.float64)
    if array.size != max(array.shape, default=0):
        raise DataError(
            f"`{key}.path` names an array of shape {array.shape}, not one value per sample",
            f"Choose a column with `{key}.column`.",
        )
    return array.reshape(-1)


def positive_number(files: Files, path: str, key: str) -> float:
    """The one positive number at `path`, such as a rate."""
    array = numbers(files.read(path, key), key)
    if array.size != 1:
        raise DataError(
            f"`{key}` names '{path}' of shape {array.shape}, not one number", f"Check `{key}`."
        )
    value = float(array.reshape(-1)[0])
    if not 0 < value < np.inf:
        raise DataError(
            f"`{key}` names '{path}', which is {value:g}, not a positive number", f"Check `{key}`."
        )
    return value


def chosen_columns(array: np.ndarray, key: str, columns: tuple[int, ...] | None) -> np.ndarray:
    if columns is None:
        return array
    if array.ndim not in (2, 3) or not all(0 <= column < array.shape[-1] for column in columns):
        raise DataError(
            f"`{key}` names column {max(columns, default=0)}, the array has shape {array.shape}",
            f"Columns count from 0. Check `{key}.column`.",
        )
    return np.asanyarray(array[..., list(columns)])  # of a tensor of trials the last axis


def is_list_of_arrays(files: Files, path: str) -> bool:
    """Whether the file holds a list of arrays (such as a cell array) at `path`, which the reader
    joined.
    """
    return files.has(f"{path}/unit") and files.has(f"{path}/unit_ids")


def of_trials(raw: np.ndarray, rows: np.ndarray, trials: int, key: str) -> np.ndarray:
    """The value of each sample's trial.

    Args:
        trials: How many trials the file has; 0 where it does not say.
    """
    is_other = len(raw) != trials if trials else rows.max(initial=-1) >= len(raw)
    if is_other:
        raise DataError(
            f"`{key}.path` has {len(raw)} values, the activity {trials or rows.max() + 1} trials",
            f"Check `{key}.path`: it has one value per trial. Of spikes, check "
            "`spikes.first_trial` too.",
        )
    return raw[rows]


def unit_column(files: Files, name: str, path: str) -> np.ndarray:
    """(N, ...) values of a column of units; vectors of MATLAB lose their second dimension."""
    array = np.atleast_1d(files.read(path, f"units.{name}"))
    return array.reshape(-1) if array.size == max(array.shape) else array
