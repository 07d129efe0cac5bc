"""Values in memory as arrays that a Session may hold."""

from __future__ import annotations

from typing import Any

import numpy as np

from raylab.data.readers.text import text_or_numbers
from raylab.errors import ConfigError

SOURCE = "from_arrays"


def plain(values: Any, what: str) -> np.ndarray:
    """An array of numbers, dates or text from whatever holds one.

    Raises:
        ConfigError: The values are masked, complex or objects.
    """
    if np.ma.isMaskedArray(values):
        raise ConfigError(
            f"{SOURCE}: {what} is a masked array",
            "Replace what is masked by NaN: values.filled(np.nan).",
        )
    if is_ragged(values):
        raise ConfigError(
            f"{SOURCE}: {what} is a list of lists of different lengths",
            "Give one array. Only activity and labels may be lists with an array per trial.",
        )
    array = np.asarray(values.astype(object) if _is_nullable(values) else values)
    if array.dtype.kind == "O":
        array = _of_objects(array, what)
    if array.dtype.kind not in "biufUSMm":
        raise ConfigError(
            f"{SOURCE}: {what} is an array of type {array.dtype}", "Give numbers or text."
        )
    return array


def _is_nullable(values: Any) -> bool:
    """Whether pandas keeps whole numbers, truth values or categories that may be missing.

    As an array they would become floats, which do not tell large ids apart.
    """
    columns: list[Any] = (
        list(values.dtypes) if hasattr(values, "columns") else [getattr(values, "dtype", None)]
    )
    return any(
        str(dtype) == "category" or (hasattr(dtype, "na_value") and dtype.kind in "iub")
        for dtype in columns
    )


def is_ragged(values: Any) -> bool:
    """Whether the values are a list of arrays or lists of different lengths."""
    if not isinstance(values, (list, tuple)):
        return False
    shapes = {np.shape(each)[:1] for each in values if not isinstance(each, (list, tuple))}
    return len(shapes | {(len(each),) for each in values if isinstance(each, (list, tuple))}) > 1


def _of_objects(array: np.ndarray, what: str) -> np.ndarray:
    """Text with None or NaN where it is missing; numbers with None.

    Whole numbers and truth values stay what they are, and are masked where they are missing:
    floats do not tell large ids apart.
    """
    import pandas as pd

    flat = array.ravel()
    missing = np.asarray(pd.isna(flat))
    if all(isinstance(value, str) for value in flat[~missing]):
        return text_or_numbers(np.where(missing, "", flat), what).reshape(array.shape)
    given = flat[~missing]
    for types, dtype in ((bool | np.bool, bool), (int | np.integer, np.int64)):
        if len(given) and all(isinstance(value, types) for value in given):
            whole: np.ndarray = np.zeros(len(flat), _fitting(given, dtype, what))
            whole[~missing] = given
            masked = np.ma.masked_array(whole, missing).reshape(array.shape)
            return masked if missing.any() else whole.reshape(array.shape)
    try:
        return np.where(missing, np.nan, flat).astype(np.float64).reshape(array.shape)
    except (TypeError, ValueError):
        raise ConfigError(
            f"{SOURCE}: {what} holds objects that are neither numbers nor text",
            "Give an array of numbers or of text.",
        ) from None


def _fitting(values: np.ndarray, dtype: type, what: str) -> type:
    """`dtype`, or the type that whole numbers beyond it need."""
    if dtype is bool or all(-(2**63) <= value < 2**63 for value in values):
        return dtype
    if all(0 <= value < 2**64 for value in values):
        return np.uint64
    raise ConfigError(
        f"{SOURCE}: {what} holds whole numbers that 64 bits do not hold", "Give them as text."
    )


def kind_of_values(name: str, values: Any, array: np.ndarray) -> str:
    """`continuous` of floats, `discrete` of text, truth values and categories.

    Raises:
        ConfigError: Whole numbers may be either, so their kind must be stated.
    """
    if array.dtype.kind == "f" and str(getattr(values, "dtype", "")) != "category":
        return "continuous"
    if array.dtype.kind in "bUS" or str(getattr(values, "dtype", "")) == "category":
        return "discrete"
    raise ConfigError(
        f"{SOURCE}: '{name}' has values of type {array.dtype}, which may be numbers or classes",
        f"State the kind: {{'{name}': (values, 'discrete')}} or 'continuous'.",
    )
