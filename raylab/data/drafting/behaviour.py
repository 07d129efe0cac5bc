"""The labels: arrays that have a value for each sample, for each trial, or a clock of their own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from raylab.data.drafting.activity import Activity
from raylab.data.drafting.arrays import Array
from raylab.data.drafting.clock import Clock
from raylab.data.drafting.field_names import (
    CLOCK,
    GROUPS,
    LABELS,
    NO_ACTIVITY,
    RATE,
    is_called,
    unit_in,
)
from raylab.data.drafting.guess import Guess, Section
from raylab.data.drafting.kinds import kind_of
from raylab.data.drafting.label_clocks import own_stamps, series_stamps, spanning, timed
from raylab.data.drafting.stamps import first_column_is_time, looks_like_stamps
from raylab.data.drafting.trial_labels import of_trial_samples, turned

MOST_UNKNOWN = 12  # labels whose names say nothing


@dataclass(frozen=True)
class Behaviour:
    """The sections `labels` and `groups` of a recipe."""

    labels: Section
    groups: Section


def behaviour_of(activity: Activity, clock: Clock | None, arrays: Sequence[Array]) -> Behaviour:
    """Labels of known names first, then others that have a value for each sample."""
    arrays = [of_trial_samples(array, activity) for array in arrays]
    free = [array for array in arrays if array is not activity.array and _may_be_label(array)]
    if clock is not None and clock.stamps is not None:
        free = [array for array in free if array is not clock.stamps]
    known = [array for array in free if _is_known(array)]
    unknown = [array for array in free if not _is_known(array)][:MOST_UNKNOWN]
    labels, groups = Section(), Section()
    for array in (*known, *unknown):
        name = _free_name(array, labels)
        if _is_group(array, activity):
            groups[name] = Guess(array.path, "whole numbers by name of a trial, to split by")
        elif label := _label(array, activity, clock, arrays):
            labels[name] = label
    if clock is not None and not labels and not activity.trials:
        for array in known:
            if timing := spanning(array, activity, clock):
                section = {"path": Guess(array.path), **timing, **_values(array)}
                labels[_free_name(array, labels)] = section
    return Behaviour(labels, groups)


def _may_be_label(array: Array) -> bool:
    """Not a constant, a clock, a number of the sample, a rate, or something of the units."""
    item, values = array.item, array.values
    if item.kind != "array" or item.count > 1 or item.dtype in ("objects", "date"):
        return False
    if values.size and values.distinct <= 1:
        return False
    if is_called(array.name, CLOCK | RATE | NO_ACTIVITY) and not is_called(array.name, LABELS):
        return False
    if is_called(array.item.leaf, CLOCK) and looks_like_stamps(array):
        return False
    counts_something = values.increasing and values.whole  # frames, indices of another clock
    return not counts_something and (array.rows > 0 or array.per_sample)


def _is_known(array: Array) -> bool:
    if array.item.note == "a tracked point":
        return True
    return is_called(array.name, LABELS) or is_called(array.item.parent, {"behavior", "behaviour"})


def _is_group(array: Array, activity: Activity) -> bool:
    """A number of a trial for each sample."""
    values = array.values
    return (
        is_called(array.name, GROUPS)
        and array.length == activity.samples
        and values.whole
        and not values.missing
        and array.item.numeric
        and values.distinct >= 3
    )


def _label(
    array: Array, activity: Activity, clock: Clock | None, arrays: Sequence[Array]
) -> Section | None:
    """A label by the stamps of its own, or with a value for each sample or trial."""
    section: Section = {"path": Guess(array.path)}
    if array.rows == activity.trials > 0:
        section["path"] = Guess(array.path, "a value for each trial")
    elif array.per_sample:
        section["path"] = Guess(array.path, "a value for each sample of each trial")
        if turned(array, activity):
            section["transpose"] = Guess(True, "the columns are the first axis")
    elif (stamps := series_stamps(array, arrays)) is not None:
        section |= timed(stamps, clock)
    elif array.rows == activity.samples:
        why, known = "a value for each sample", _is_known(array)
        section["path"] = Guess(
            array.path, why if known else f"{why}; its name says nothing", not known
        )
    elif (own := own_stamps(array, arrays)) is not None:
        section |= timed(own, clock)
    else:
        return None
    return section | _values(array)


def _values(array: Array) -> Section:
    """Columns, kind and unit of a label."""
    unit, _ = unit_in(array.item.leaf)
    unit, shape, section = array.item.unit or unit, array.item.shape, Section()
    if array.is_vector or array.per_sample:
        return kind_of(array, unit)
    if shape[0] < shape[1]:
        section["transpose"] = Guess(True, f"{shape[0]} x {shape[1]}: a row for each column")
    if len(array.item.columns) == 2 and first_column_is_time(array):
        section["column"] = Guess(1, "the first column is time")
        values = array.item.columns[1]
        array = replace(array, item=replace(array.item, shape=(array.rows,), values=values))
    return section | kind_of(array, unit)


def _free_name(array: Array, labels: Section) -> str:
    """The array's name without its unit; with its group or file where that is taken."""
    shortened = array.path == array.companion and array.name.endswith(array.companion)
    own = array.companion if shortened else array.name  # `position` of `caiman_position.npy`
    _, short = unit_in(own)
    group = array.place[1].rpartition("/")[2] or array.companion
    names = [_snake(name) for name in (short, array.name, f"{group}_{short}")]
    return next((name for name in names if name and name not in labels), f"label_{len(labels)}")


def _snake(name: str) -> str:
    """`runningSpeed` as `running_speed`."""
    apart = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return re.sub(r"\W+", "_", apart).strip("_").lower()
