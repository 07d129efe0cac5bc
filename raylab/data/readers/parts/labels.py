"""The labels of a session, on the samples of its activity."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from raylab.data.checks.angles import doubtful_angles
from raylab.data.checks.label_clock import long_clock_notes, refuse_scaled_clock
from raylab.data.readers.files import Files
from raylab.data.readers.labelling.events import check_instantaneous
from raylab.data.readers.labelling.stated_units import refuse_other_unit, unit_note
from raylab.data.readers.labelling.tables import checked_values, joined_exactly, named_columns
from raylab.data.readers.labelling.values import typed_label
from raylab.data.readers.parts.activity import Activity
from raylab.data.readers.parts.align import nearest_rows, resample
from raylab.data.readers.parts.arrays import chosen_columns
from raylab.data.readers.parts.clock.stamps import seconds, zero_of
from raylab.data.recipe_sections.clock import TimeSpec
from raylab.data.recipe_sections.label import LabelSpec
from raylab.data.recipe_sections.types import SECONDS
from raylab.data.session import Label
from raylab.errors import DataError


def label_of(
    files: Files, name: str, spec: LabelSpec, activity: Activity, clock: TimeSpec | None
) -> tuple[Label, list[str]]:
    """One label on the samples of `activity`, and notes on what was doubtful.

    Its values are per sample, per trial, or on a clock of their own, which is resampled.
    """
    key = f"labels.{name}"
    stored, notes = typed_label(
        activity.flat(rows_of(files, spec, key), is_transposed=spec.transpose), spec, key
    )
    notes = [*notes, *_unit_notes(files, name, spec)]
    stamps = _stamps(files, spec, len(stored.values), clock, activity.origin_s, key)
    if stamps is not None:
        notes = [*notes, *doubtful_angles(name, stored, spec)]
        return _onto_clock(stored, stamps, activity, key, notes)
    stored = stored.at(activity.of_samples(np.arange(len(stored.values)), key))
    if len(stored.values) != len(activity.time):
        is_turned = len(stored.values) == activity.neural.shape[1]
        raise DataError(
            f"`{key}.path` has {len(stored.values)} samples, neural data {len(activity.time)}",
            f"Check `{key}.path`, or give its own clock with `{key}.time` or `{key}.rate_hz`."
            + is_turned * " Or the activity is stored the other way round: see `neural.layout`.",
        )
    return stored, notes


def _unit_notes(files: Files, name: str, spec: LabelSpec) -> list[str]:
    """What the file states as the unit of a label, where the recipe states another one."""
    if spec.kind == "circular" and spec.period is None and not spec.unit:
        refuse_other_unit(files, spec.path, "rad", f"labels.{name}.unit")
    return unit_note(files, spec.path, spec.unit, f"Label '{name}'") if spec.unit else []


def rows_of(files: Files, spec: LabelSpec, key: str) -> np.ndarray:
    """(T,) or (T, D) values of a label as they are stored, one row per sample or trial."""
    if spec.column_names:
        return named_columns(files, spec.path, spec.column_names, f"{key}.columns")
    raw = checked_values(_read(files, spec, key), f"{key}.path")
    raw = raw.T if spec.transpose else raw
    if raw.ndim == 2 and raw.shape[0] == 1 and raw.shape[1] > 1:
        raw = raw.T  # a MATLAB row vector
    numbers = tuple(column for column in spec.chosen if isinstance(column, int))
    raw = chosen_columns(raw, key, numbers or None)
    if raw.ndim > 1 and raw.shape[1] == 0:
        raise DataError(
            f"`{key}.path` names an array of shape {raw.shape}, which holds nothing",
            f"Check `{key}`.",
        )
    return raw


def _read(files: Files, spec: LabelSpec, key: str) -> np.ndarray:
    """The array at `path`; those that a pattern matches, one per trial, are joined."""
    if "*" not in spec.path or files.has(spec.path):
        return files.read(spec.path, f"{key}.path")
    paths = files.match(spec.path, f"{key}.path")
    arrays = [np.atleast_1d(files.read(path, f"{key}.path")) for path in paths]
    if all(array.size == max(array.shape) for array in arrays):
        return joined_exactly([array.reshape(-1) for array in arrays])
    arrays = [array.T if spec.transpose else array for array in arrays]
    if len({array.shape[1:] for array in arrays}) > 1:
        shapes = ", ".join(str(array.shape) for array in arrays[:3])
        raise DataError(
            f"`{key}.path` matches arrays of different columns: {shapes}", f"Check `{key}`."
        )
    joined = joined_exactly(arrays)
    return joined.T if spec.transpose else joined


def _stamps(
    files: Files, spec: LabelSpec, rows: int, clock: TimeSpec | None, origin_s: float, key: str
) -> np.ndarray | None:
    """(K,) seconds of a label with a clock of its own."""
    if spec.rate_hz is not None:
        return origin_s + spec.start_s + np.arange(rows) / spec.rate_hz
    if spec.time is None:
        return None
    unit = spec.time_unit or (clock.unit if clock is not None else "s")
    if spec.time_unit is None and (clock is None or "unit" not in clock.model_fields_set):
        refuse_other_unit(files, spec.time, unit, f"{key}.time_unit")
    stamps = seconds(files.read(spec.time, f"{key}.time"), key, None, SECONDS[unit])
    stamps = stamps - zero_of(files, spec.time_zero, f"{key}.time_zero", SECONDS[unit])
    if len(stamps) != rows:
        raise DataError(
            f"`{key}.time` has {len(stamps)} stamps, `{key}.path` {rows} values",
            f"Check `{key}.time`.",
        )
    check_instantaneous(files, spec.time, rows, f"{key}.time")
    return stamps


def _onto_clock(
    stored: Label, stamps: np.ndarray, activity: Activity, key: str, notes: list[str]
) -> tuple[Label, list[str]]:
    time = activity.time
    if activity.is_nominal:
        raise DataError(
            f"`{key}` has a clock of its own, but the trials of this recording have no common "
            "clock",
            f"Give one value per trial, without `{key}.time` and `{key}.rate_hz`.",
        )
    if np.array_equal(time, stamps):
        return stored, notes
    refuse_scaled_clock(stamps, time, key)
    if stored.kind == "discrete":
        label = stored.at(nearest_rows(stamps, time))
    else:
        label = replace(stored, values=resample(stored.values, stamps, time, stored.kind))
    if stored.labelled.any() and not label.labelled.any():
        notes = [
            *notes,
            f"No sample has a value of `{key}`: its clock goes from {np.nanmin(stamps):g} to "
            f"{np.nanmax(stamps):g} s, the recording from {time[0]:g} to {time[-1]:g} s.",
        ]
    else:
        notes = [*notes, *long_clock_notes(stamps, time, key)]
    return label, notes
