"""The clocks of labels that do not have one value for each sample."""

from __future__ import annotations

from collections.abc import Iterable

from raylab.data.drafting.activity import Activity
from raylab.data.drafting.arrays import Array
from raylab.data.drafting.clock import Clock
from raylab.data.drafting.field_names import START, STOP, is_called
from raylab.data.drafting.guess import Guess, Section
from raylab.data.drafting.stamps import looks_like_stamps, time_unit
from raylab.data.recipe_sections.types import SECONDS

FEWEST_ROWS = 20  # of a label on another clock
LARGEST_RATIO = 50.0  # of the samples of a label and of the activity


def series_stamps(array: Array, arrays: Iterable[Array]) -> Array | None:
    """The stamps of a series of NWB, which has its own even where it is as long as the activity."""
    if array.item.leaf != "data":
        return None
    own = (each for each in arrays if each.place == array.place)
    return next((each for each in own if each.item.leaf == "timestamps"), None)


def own_stamps(array: Array, arrays: Iterable[Array]) -> Array | None:
    """The stamps of a label: as long, in the same place, and by name its own or the only ones."""
    stamps = [
        each
        for each in arrays
        if each is not array and each.length == array.rows and looks_like_stamps(each)
        and not is_called(each.item.leaf, START | STOP)  # which hold until the next
        and (each.companion == array.companion or _shares_a_name(each, array))
    ]  # fmt: skip
    near = [each for each in stamps if each.place == array.place] or stamps
    own = [each for each in near if _shares_a_name(each, array)] or near
    return own[0] if own else None


def _shares_a_name(stamps: Array, array: Array) -> bool:
    """`position_times` and `t_position` belong to `position`."""
    return array.name.lower() in stamps.name.lower()


def timed(stamps: Array, clock: Clock | None) -> Section:
    unit = time_unit(stamps)
    why = f"{stamps.length} stamps, as many as values"
    section: Section = {"time": Guess(stamps.path, why)}
    if unit.value != (clock.unit if clock is not None else "s"):
        section["time_unit"] = unit
    return section


def spanning(array: Array, activity: Activity, clock: Clock) -> Section | None:
    """The regular clock of a label that has no stamps, and not one value for each sample."""
    ratio = array.rows / activity.samples
    if array.rows < FEWEST_ROWS or not 1 / LARGEST_RATIO <= ratio <= LARGEST_RATIO:
        return None
    why = f"{array.rows} rows beside {activity.samples} samples, taken to span the same time"
    rate = Guess(round(clock.rate_hz * ratio, 6), why, check=True)
    section: Section = {"rate_hz": rate}
    first = clock.stamps.values.first if clock.stamps is not None else None
    if first:
        section["start_s"] = Guess(round(first * SECONDS[clock.unit], 6), "the first time stamp")
    return section
