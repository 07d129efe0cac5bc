"""The labels of a session, on the samples of its activity."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from raylab.data.readers.files import Files
from raylab.data.readers.parts.activity import Activity
from raylab.data.readers.parts.align import resample
from raylab.data.readers.parts.arrays import chosen_columns, numbers
from raylab.data.readers.parts.stamps import seconds
from raylab.data.recipe_sections import SECONDS, LabelSpec, TimeSpec
from raylab.data.session import FRAME, Label
from raylab.errors import DataError


def label_of(
    files: Files, name: str, spec: LabelSpec, activity: Activity, clock: TimeSpec | None
) -> Label:
    """One label on the samples of `activity`.

    Its values are per sample, per trial, or on a clock of their own, which is resampled.
    """
    key = f"labels.{name}"
    raw = rows_of(files, spec, key)
    if spec.one_hot:
        raw = _set_column(numbers(raw, f"{key}.path"))
    if spec.missing is not None:
        raw = np.where(numbers(raw, f"{key}.path") == spec.missing, np.nan, raw)
    if spec.kind == "circular" and spec.unit == "deg":
        raw = np.deg2rad(raw)
    if spec.time is not None:
        unit_s = SECONDS[clock.unit] if clock is not None else 1.0
        stamps = seconds(files.read(spec.time, f"{key}.time"), key, None, unit_s)
        raw = _onto_clock(numbers(raw, f"{key}.path"), stamps, activity.time, spec, key)
    else:
        raw = activity.of_samples(raw, key)
    if len(raw) != len(activity.time):
        raise DataError(
            f"`{key}.path` has {len(raw)} samples, neural data {len(activity.time)}",
            f"Check `{key}.path`, or give its own stamps with `{key}.time`.",
        )
    return _typed(raw, spec, key)


def rows_of(files: Files, spec: LabelSpec, key: str) -> np.ndarray:
    """(T,) or (T, D) values of a label as they are stored, one row per sample or trial."""
    raw = files.read(spec.path, f"{key}.path")
    if raw.ndim == 0:
        raise DataError(
            f"`{key}.path` names a single value, not one per sample", f"Check `{key}.path`."
        )
    if raw.dtype.kind not in "biufUSMm":
        raise DataError(
            f"`{key}.path` names an array of type {raw.dtype}, not of numbers or text",
            f"Check `{key}`.",
        )
    raw = raw.T if spec.transpose else raw
    if raw.ndim == 2 and raw.shape[0] == 1 and raw.shape[1] > 1:
        raw = raw.T  # a MATLAB row vector
    raw = chosen_columns(raw, key, spec.columns if spec.column is None else (spec.column,))
    if raw.ndim > 1 and raw.shape[1] == 0:
        raise DataError(
            f"`{key}.path` names an array of shape {raw.shape}, which holds nothing",
            f"Check `{key}`.",
        )
    return raw


def _onto_clock(
    raw: np.ndarray, stamps: np.ndarray, time: np.ndarray, spec: LabelSpec, key: str
) -> np.ndarray:
    if len(stamps) != len(raw):
        raise DataError(
            f"`{key}.time` has {len(stamps)} stamps, `{key}.path` {len(raw)} values",
            f"Check `{key}.time`.",
        )
    if len(time) == len(stamps) and np.array_equal(time, stamps):
        return raw
    return resample(raw, stamps, time, spec.kind)


def _typed(raw: np.ndarray, spec: LabelSpec, key: str) -> Label:
    if spec.kind == "discrete":
        if raw.ndim == 2 and raw.shape[1] != 1:
            raise DataError(
                f"`{key}.path` has {raw.shape[1]} columns, a discrete label has one",
                f"Choose one with `{key}.column`, or set `{key}.one_hot: true`.",
            )
        return _in_unit(Label.discrete(raw), spec.unit, key)
    values = np.array(numbers(raw, f"{key}.path"), np.float64)
    values[~np.isfinite(values)] = np.nan  # infinity is not a measurement either
    return Label.continuous(
        values, unit="rad" if spec.kind == "circular" else spec.unit, kind=spec.kind
    )


def _in_unit(label: Label, unit: str, key: str) -> Label:
    other = next((name for name in label.classes if not name.removeprefix("-").isdecimal()), None)
    if unit == FRAME and other is not None:
        raise DataError(
            f"`{key}.unit` is {FRAME}, but '{other}' is no number of a frame",
            f"Leave `{key}.unit` out, or mark such samples with `{key}.missing`.",
        )
    return replace(label, unit=unit)


def _set_column(columns: np.ndarray) -> np.ndarray:
    """(T,) the number of the only column that is not zero; NaN where none or several are."""
    columns = np.atleast_2d(columns)
    single = (columns != 0).sum(1) == 1
    return np.where(single, columns.argmax(1).astype(np.float64), np.nan)
