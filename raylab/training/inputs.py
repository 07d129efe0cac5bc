"""Arrays that users pass: activity as numbers, and labels as classes or numbers.

numpy would turn masks, dates, texts and complex numbers into numbers without a word. Here they are
refused, and missing values are unlabelled samples.
"""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np

from raylab.data.labels.classes import class_name
from raylab.data.session import Label
from raylab.errors import DataError

NOT_NUMBERS = {
    "M": "dates",
    "m": "durations",
    "U": "text",
    "S": "text",
    "V": "records",
    "c": "complex numbers",
}


def require_numbers(values: Any, what: str) -> None:
    """DataError where an array, or a column of a table, is no plain numbers."""
    _refuse_mask(values, what)
    # The columns of a DataFrame each have a type; the whole as an array would only be objects.
    for column in _columns(values):
        kind = np.asarray(column).dtype.kind
        texts = kind == "O" and any(isinstance(cell, str | bytes) for cell in np.ravel(column))
        if texts or kind in NOT_NUMBERS:
            raise DataError(
                f"{what} holds {NOT_NUMBERS.get(kind, 'text')}, numbers are needed",
                "Convert it, for example by numpy.asarray(values, float).",
            )


def label_of(values: Any, what: str = "y") -> Label:
    """A label from an array, a list, or a pandas Series or DataFrame.

    One column, of shape (n,) or (n, 1), of whole numbers, truth values, texts or categories is
    classes; anything else is numbers. None, NaN and `pandas.NA` are unlabelled.

    Raises:
        DataError: The values are masked, complex, dates, or objects of other types, are infinite,
            or have more than two dimensions.
    """
    _refuse_mask(values, what)
    columns = _columns(values)
    array = _stacked([_plain(column, what) for column in columns], what)
    single = array.ndim == 1 or array.shape[1] == 1
    if single and (array.dtype.kind in "biuUSO" or _is_category(columns[0])):
        return Label.discrete(array.reshape(-1))
    if array.dtype.kind not in "fiub":
        raise DataError(
            f"{what}: a table of text is no label", "Pass numbers, or one column of classes."
        )
    numbers = array.astype(np.float64)
    if np.isinf(numbers).any():
        raise DataError(
            f"{what} holds {int(np.isinf(numbers).sum())} infinite values",
            "Replace them by NaN: such samples are unlabelled.",
        )
    return Label.continuous(numbers)


def _refuse_mask(values: Any, what: str) -> None:
    if np.ma.isMaskedArray(values):
        raise DataError(
            f"{what} is a masked array, and its mask would be lost",
            "Pass values.filled(numpy.nan), or leave the masked samples out.",
        )


def _columns(values: Any) -> list[Any]:
    """The columns of a DataFrame, or the values themselves."""
    if hasattr(values, "columns") and hasattr(values, "iloc"):
        return [values.iloc[:, at] for at in range(values.shape[1])]
    return [values]


def _is_category(values: Any) -> bool:
    return str(getattr(values, "dtype", "")) == "category"


def _plain(values: Any, what: str) -> np.ndarray:
    """An array of numbers with NaN; or texts, or objects that name classes, with None and NaN."""
    if hasattr(values, "toarray"):
        raise DataError(f"{what} is a sparse matrix", "Pass values.toarray().")
    try:
        # Whole numbers beside pandas.NA, and categories that are whole numbers beside NaN, would
        # become floats, in which long ids merge.
        of_pandas = hasattr(values, "isna") and not isinstance(values.dtype, np.dtype)
        array = np.asarray(values.astype(object) if of_pandas else values)
    except ValueError:  # rows of different lengths
        raise DataError(f"{what} is no array: its rows differ in length") from None
    if array.ndim not in (1, 2) or not array.size:
        raise DataError(
            f"{what} has the shape {array.shape}", "Pass (samples,) or (samples, dimensions)."
        )
    if array.dtype.kind == "O" and not _is_category(values):
        return _of_objects(array, what)
    if array.dtype.kind in NOT_NUMBERS and array.dtype.kind not in "US":
        raise DataError(
            f"{what} holds {NOT_NUMBERS[array.dtype.kind]}", "Pass numbers, or text for classes."
        )
    return array


def _of_objects(array: np.ndarray, what: str) -> np.ndarray:
    """Objects as texts or whole numbers, which are classes, or as float64 with NaN."""
    present = [cell for cell in array.ravel() if class_name_of(cell) is not None]
    if all(isinstance(cell, str | bytes) for cell in present):
        return array
    if not all(isinstance(cell, Real | np.bool) for cell in present):
        kinds = sorted({type(cell).__name__ for cell in present})
        raise DataError(
            f"{what} holds values of the types {', '.join(kinds)}",
            "Pass numbers, or text for classes.",
        )
    whole = all(isinstance(cell, int | np.integer | np.bool) for cell in present)
    if whole and (array.ndim == 1 or array.shape[1] == 1):
        return array
    missing = np.array([class_name_of(cell) is None for cell in array.ravel()])
    return np.where(missing, np.nan, array.ravel()).astype(np.float64).reshape(array.shape)


def class_name_of(cell: object) -> str | None:
    """`class_name`; infinity is a value here, which is refused later."""
    if isinstance(cell, float | np.floating) and np.isinf(cell):
        return "inf"
    return class_name(cell)


def _stacked(columns: list[np.ndarray], what: str) -> np.ndarray:
    if len(columns) == 1:
        return columns[0]
    if any(column.dtype.kind not in "fiub" for column in columns):
        columns = [_numbers(column, what) for column in columns]
    return np.column_stack(columns)


def _numbers(column: np.ndarray, what: str) -> np.ndarray:
    """A column beside others: whole numbers with missing ones among them are numbers there."""
    if column.dtype.kind == "O":
        return _of_objects(np.column_stack([column, column]), what)[:, 0]
    return column
