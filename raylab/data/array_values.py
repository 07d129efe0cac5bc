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
    array = np.asarray(values)
    if array.dtype.kind == "O":
        array = _of_objects(array, what)
    if array.dtype.kind not in "biufUSMm":
        raise ConfigError(
            f"{SOURCE}: {what} is an array of type {array.dtype}", "Give numbers or text."
        )
    return array


def _of_objects(array: np.ndarray, what: str) -> np.ndarray:
    """Text with None or NaN where it is missing; numbers with None."""
    import pandas as pd

    flat = array.ravel()
    missing = np.asarray(pd.isna(flat))
    if all(isinstance(value, str) for value in flat[~missing]):
        return text_or_numbers(np.where(missing, "", flat), what).reshape(array.shape)
    try:
        return np.where(missing, np.nan, flat).astype(np.float64).reshape(array.shape)
    except (TypeError, ValueError):
        raise ConfigError(
            f"{SOURCE}: {what} holds objects that are neither numbers nor text",
            "Give an array of numbers or of text.",
        ) from None


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
