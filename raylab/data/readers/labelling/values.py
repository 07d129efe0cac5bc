"""Stored values as a label: classes or numbers, with the missing ones unlabelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from raylab.data.labels.classes import class_name, coded
from raylab.data.readers.labelling.group_ids import largest_whole
from raylab.data.readers.labelling.text_numbers import numbers_of_text
from raylab.data.readers.parts.arrays import numbers
from raylab.data.recipe_sections.label import LabelSpec, LabelValues
from raylab.data.session import FRAME, Label
from raylab.errors import DataError

Missing = int | float | str


def typed_label(raw: np.ndarray, spec: LabelValues, key: str) -> tuple[Label, list[str]]:
    """The label of (K,) or (K, D) stored values, one row each, and notes on what was doubtful."""
    return _classes(raw, spec, key) if spec.kind == "discrete" else _numbers(raw, spec, key)


def _classes(raw: np.ndarray, spec: LabelValues, key: str) -> tuple[Label, list[str]]:
    if isinstance(spec, LabelSpec) and spec.one_hot:
        raw = _set_column(numbers(raw, f"{key}.path"), spec.column_names)
    if raw.ndim == 2 and raw.shape[1] != 1:
        raise DataError(
            f"`{key}.path` has {raw.shape[1]} columns, a discrete label has one",
            f"Choose one with `{key}.column`, or set `{key}.one_hot: true`.",
        )
    coding = coded(raw)
    notes = []
    if coding.nan_texts:
        notes.append(
            f"{coding.nan_texts} of {len(raw)} values of `{key}` are the text `nan`: unlabelled."
        )
    missing = {value: _missing_name(value, raw.dtype) for value in spec.missing_values}
    notes += _unmatched(key, [value for value, name in missing.items() if name not in coding.names])
    unlabelled = [code for code, name in enumerate(coding.names) if name in missing.values()]
    kept = np.where(np.isin(coding.codes, unlabelled), -1, np.arange(len(coding.codes)))
    label = Label(kind="discrete", values=coding.codes, classes=coding.names).at(kept)
    notes += _merged_in_file(label.classes, raw.dtype, key)
    return _in_unit(label, spec.unit, key), notes


def _merged_in_file(classes: Sequence[str], dtype: np.dtype, key: str) -> list[str]:
    """A note where a file stores whole numbers as floats that do not tell all of them apart."""
    if dtype.kind != "f":
        return []
    whole = [int(name) for name in classes if name.removeprefix("-").isdecimal()]
    limit = largest_whole(dtype)
    if max(map(abs, whole), default=0) <= limit:
        return []
    return [
        f"The file stores `{key}` as {dtype}, which holds all whole numbers only up to {limit}: "
        "different ids may have become one class. Store them as whole numbers or as text."
    ]


def _missing_name(value: Missing, dtype: np.dtype) -> str | None:
    """The name of the class that `missing: value` means, in a column of a type."""
    if dtype.kind == "b" and value in (0, 1):
        return class_name(bool(value))
    if dtype.kind == "f" and not isinstance(value, str):
        with np.errstate(over="ignore"):
            return class_name(dtype.type(value))  # as the file holds it
    if dtype.kind == "M" and isinstance(value, str):
        try:
            return class_name(np.datetime64(value).astype(dtype))
        except ValueError:
            return class_name(value)
    return class_name(value)


def _unmatched(key: str, values: Sequence[Missing]) -> list[str]:
    stated = [value for value in values if class_name(value) is not None]  # NaN is always missing
    return [f"`{key}.missing` states {value!r}, which is none of the values." for value in stated]


def _set_column(columns: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """(K,) the name or number of the only column that is not zero, masked where there is none.

    Rows with several such columns, or with a missing value, are masked too.
    """
    values = np.ma.getdata(columns).reshape(len(columns), -1)
    absent = np.ma.getmaskarray(columns).reshape(len(columns), -1) | (values != values)
    is_single = ((values != 0).sum(1) == 1) & ~absent.any(1)
    place = (values != 0).argmax(1)
    classes = np.array(names)[place] if names else place
    return np.ma.masked_array(classes, mask=~is_single)


def _in_unit(label: Label, unit: str, key: str) -> Label:
    other = next((name for name in label.classes if not name.removeprefix("-").isdecimal()), None)
    if unit == FRAME and other is not None:
        raise DataError(
            f"`{key}.unit` is {FRAME}, but '{other}' is no number of a frame",
            f"Leave `{key}.unit` out, or mark such samples with `{key}.missing`.",
        )
    return replace(label, unit=unit)


def _numbers(raw: np.ndarray, spec: LabelValues, key: str) -> tuple[Label, list[str]]:
    texts = [value for value in spec.missing_values if isinstance(value, str)]
    is_text = raw.dtype.kind in "US"
    stored = numbers_of_text(raw, texts, key) if is_text else numbers(raw, f"{key}.path")
    absent = {value: _equal(raw if is_text else stored, value) for value in spec.missing_values}
    notes = _unmatched(key, [value for value, places in absent.items() if not places.any()])
    values = _as_floats(np.ma.getdata(stored))
    values[np.ma.getmaskarray(raw) | ~np.isfinite(values)] = np.nan  # infinity is no measurement
    for places in absent.values():
        values[places] = np.nan
    if spec.kind == "circular":
        return Label.continuous(_angles(values, spec), unit="rad", kind="circular"), notes
    return Label.continuous(values, unit=spec.unit), notes


def _equal(stored: np.ndarray, value: Missing) -> np.ndarray:
    """Which stored values are `value`, compared in the type of the file."""
    values = np.ma.getdata(stored)
    if values.dtype.kind in "US":
        name = class_name(value)
        distinct, place = np.unique(values, return_inverse=True)
        return np.array([class_name(each) == name for each in distinct], bool)[place]
    if isinstance(value, str):
        if class_name(value) is None or not value.strip().removeprefix("-").isdecimal():
            return np.zeros(values.shape, bool)
        value = int(value)
    if values.dtype.kind in "iu":
        limits = np.iinfo(values.dtype)
        if value != int(value) or not limits.min <= value <= limits.max:
            return np.zeros(values.shape, bool)
        value = int(value)
    with np.errstate(over="ignore"):
        return np.asarray(values == values.dtype.type(value))


def _as_floats(stored: np.ndarray) -> np.ndarray:
    """A copy, in float32 where the file has that and else in float64."""
    return np.array(stored, np.float32 if stored.dtype == np.float32 else np.float64)


def _angles(values: np.ndarray, spec: LabelValues) -> np.ndarray:
    """Radians; with a period, from 0 to 2 pi."""
    if spec.period is not None:
        turns = np.mod(np.asarray(values, np.float64), spec.period) / spec.period
        return 2 * np.pi * np.where(turns < 1, turns, turns - 1)  # NaN stays NaN
    return np.deg2rad(values) if spec.unit == "deg" else values
