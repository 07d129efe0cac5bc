"""Ids of groups from stored values of any type."""

from __future__ import annotations

import numpy as np

from raylab.data.labels.classes import Coded, coded
from raylab.data.readers.parts.arrays import numbers
from raylab.errors import DataError

NO_GROUP = -1
LARGEST_FLOAT = 2**53  # beyond it float64, in which many files hold whole numbers, skips some
LARGEST = np.iinfo(np.int64).max


def group_ids(raw: np.ndarray, key: str) -> np.ndarray:
    """(K,) int64 ids, `NO_GROUP` for negative, missing and masked values and for empty text.

    Whole numbers are their own ids. Texts, dates, and numbers that int64 cannot hold get the ids
    0, 1, 2 ... in their order.
    """
    values = np.ma.getdata(raw).reshape(-1)
    if values.dtype.kind not in "biuf":
        return _of_names(coded(raw), key, values.dtype)
    if values.dtype.kind == "f":
        _check_whole(values, key)
    inside = ~np.ma.getmaskarray(raw).reshape(-1) & (values >= 0)  # NaN is not
    if values.dtype == np.uint64 and values.max(initial=0) > LARGEST:
        return coded(raw).codes
    return np.where(inside, np.where(inside, values, 0).astype(np.int64), NO_GROUP)


def largest_whole(dtype: np.dtype) -> int:
    """The number up to which floats of a type hold all whole numbers."""
    return int(2 ** (np.finfo(dtype).nmant + 1))


def _check_whole(values: np.ndarray, key: str) -> None:
    inside, limit = np.isfinite(values) & (values >= 0), largest_whole(values.dtype)
    odd = values[inside & ((np.floor(values) != values) | (values > limit))]
    if len(odd):
        reason = "which is not a whole number"
        if odd[0] % 1 == 0:
            reason = f"and {values.dtype} holds all whole numbers only up to {limit}"
        raise DataError(
            f"`{key}` holds {odd[0]:g}, {reason}", "Ids are 0, 1, 2 ... or text; -1 is none."
        )


def _of_names(coding: Coded, key: str, dtype: np.dtype) -> np.ndarray:
    if dtype.kind not in "USMm":
        numbers(np.zeros(0, dtype), key)
    if not all(_is_number(name) for name in coding.names):
        return coding.codes
    ids = np.array([int(name) for name in coding.names] + [NO_GROUP], np.int64)
    return np.maximum(ids, NO_GROUP)[coding.codes]  # a table keeps long numbers as text


def _is_number(name: str) -> bool:
    digits = name.removeprefix("-")
    return digits.isdecimal() and str(int(digits)) == digits and int(digits) <= LARGEST
