"""The labels: arrays that have a value for each sample, for each trial, or a clock of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from raylab.data.drafting.activity import NARROW, Activity
from raylab.data.drafting.arrays import Array
from raylab.data.drafting.clock import Clock, looks_like_stamps, time_unit
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

MOST_UNKNOWN = 12  # labels whose names say nothing
LARGEST_RATIO = 50.0  # of the samples of a label and of the activity


@dataclass(frozen=True)
class Behaviour:
    """The sections `labels` and `groups` of a recipe."""

    labels: Section
    groups: Section


def behaviour_of(activity: Activity, clock: Clock | None, arrays: Sequence[Array]) -> Behaviour:
    """Labels of known names first, then others that have a value for each sample."""
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
        elif drafted := _label(array, activity, clock, arrays):
            labels[name] = drafted
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
    counts_samples = values.increasing and values.whole and values.step == 1
    return not counts_samples and _rows(array) > 0


def _rows(array: Array) -> int:
    """Number of rows of a vector or of a narrow table; 0 of anything else."""
    shape = array.item.shape
    if array.is_vector:
        return array.length
    return max(shape) if len(shape) == 2 and min(shape) <= NARROW and min(shape) > 0 else 0


def _is_known(array: Array) -> bool:
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
    rows = _rows(array)
    unit, _ = unit_in(array.item.leaf)
    section: Section = {"path": Guess(array.path)}
    if rows == activity.trials and activity.trials:
        section["path"] = Guess(array.path, "a value for each trial")
    elif (stamps := _series_clock(array, arrays)) is not None:
        section |= _timed(stamps, clock)
    elif rows == activity.samples:
        section["path"] = Guess(
            array.path, _why(array, "a value for each sample"), not _is_known(array)
        )
    elif (own := _own_clock(array, arrays)) is not None:
        section["path"] = Guess(array.path)
        section |= _timed(own, clock)
    elif _is_known(array) and clock is not None and not activity.trials:
        if (timing := _spanning(rows, activity, clock)) is None:
            return None
        section |= timing
    else:
        return None
    shape = array.item.shape
    if len(shape) == 2 and not array.is_vector and shape[0] < shape[1]:
        section["transpose"] = Guess(True, f"{shape[0]} x {shape[1]}: a row for each column")
    return section | kind_of(array, array.item.unit or unit)


def _series_clock(array: Array, arrays: Iterable[Array]) -> Array | None:
    """The stamps of a series of NWB, which has its own even where it is as long as the activity."""
    if array.item.leaf != "data":
        return None
    own = (each for each in arrays if each.place == array.place)
    return next((each for each in own if each.item.leaf == "timestamps"), None)


def _why(array: Array, reason: str) -> str:
    return reason if _is_known(array) else f"{reason}; its name says nothing"


def _own_clock(array: Array, arrays: Iterable[Array]) -> Array | None:
    """The stamps of a label: as long, in the same place, and by name its own or the only ones."""
    rows = _rows(array)
    stamps = [
        each
        for each in arrays
        if each is not array and each.length == rows and looks_like_stamps(each)
        and (each.companion == array.companion or _shares_a_name(each, array))
    ]  # fmt: skip
    near = [each for each in stamps if each.place == array.place] or stamps
    own = [each for each in near if _shares_a_name(each, array)] or near
    return own[0] if own else None


def _shares_a_name(stamps: Array, array: Array) -> bool:
    """`position_times` and `t_position` belong to `position`."""
    return array.name.lower() in stamps.name.lower()


def _timed(stamps: Array, clock: Clock | None) -> Section:
    unit = time_unit(stamps)
    why = f"{stamps.length} stamps, as many as values"
    section: Section = {"time": Guess(stamps.path, why)}
    if unit.value != (clock.unit if clock is not None else "s"):
        section["time_unit"] = unit
    return section


def _spanning(rows: int, activity: Activity, clock: Clock) -> Section | None:
    """A regular clock for a label that has more or fewer values than there are samples."""
    ratio = rows / activity.samples
    if not 1 / LARGEST_RATIO <= ratio <= LARGEST_RATIO:
        return None
    why = f"{rows} rows beside {activity.samples} samples, taken to span the same time"
    section: Section = {"rate_hz": Guess(round(clock.rate_hz * ratio, 6), why, check=True)}
    first = clock.stamps.values.first if clock.stamps is not None else None
    if first:
        from raylab.data.recipe_sections import SECONDS

        section["start_s"] = Guess(round(first * SECONDS[clock.unit], 6), "the first time stamp")
    return section


def _free_name(array: Array, labels: Section) -> str:
    """The array's name without its unit; with its group or file where that is taken."""
    _, short = unit_in(array.name)
    group = array.place[1].rpartition("/")[2] or array.companion
    names = [_snake(name) for name in (short, array.name, f"{group}_{short}")]
    return next((name for name in names if name and name not in labels), f"label_{len(labels)}")


def _snake(name: str) -> str:
    """`runningSpeed` as `running_speed`."""
    apart = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return re.sub(r"\W+", "_", apart).strip("_").lower()
