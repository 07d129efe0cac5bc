"""The clock of the activity: time stamps, a rate in the file, or a rate that nothing states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from raylab.data.drafting.activity import Activity
from raylab.data.drafting.arrays import Array
from raylab.data.drafting.field_names import (
    CLOCK,
    is_called,
    words,
)
from raylab.data.drafting.guess import Guess, Section
from raylab.data.drafting.rates import stated_rates
from raylab.data.drafting.stamps import (
    first_column_is_time,
    is_of_dates,
    looks_like_stamps,
    time_unit,
)
from raylab.data.looking.item import FileContents
from raylab.data.recipe_sections.types import SECONDS

USUAL = 30.0
MOST_MORE = 0.2  # stamps without a sample, as a share of the samples
FRAMES = {"frame", "frames", "imaging", "volume", "volumes"}  # whose clock it is, by its name
JITTER = 0.01  # share of uneven steps of a clock that has to be resampled


@dataclass(frozen=True)
class Clock:
    """The clock of the activity.

    Attributes:
        section: The recipe's section `time`.
        stamps: The time stamps; None where a rate is all there is.
        rate_hz: The rate, as far as a look tells it.
        unit: Of the stamps.
    """

    section: Section
    rate_hz: float
    stamps: Array | None = None
    unit: str = "s"


def clock_of(activity: Activity, arrays: Sequence[Array], file: FileContents) -> Clock:
    """The stamps that have one value for each sample, else a rate."""
    stated = next(stated_rates(activity, file), None)
    stamps = None if activity.trials else _stamps(activity, arrays)
    if stamps is not None:
        return _of_stamps(stamps, stated.value if stated is not None else None, activity)
    longer = None if activity.trials else _longer_stamps(activity, arrays)
    if longer is not None:
        return _taking_first(longer, stated.value if stated is not None else None, activity)
    if stated is None:
        why = "nothing in the file states a rate"
        return Clock({"rate_hz": Guess(USUAL, why, check=True)}, USUAL)
    key = "rate_path" if stated.path else "rate_hz"
    why = f"{stated.source} is {stated.value:g}" if stated.path else stated.source
    guess = Guess(stated.path or stated.value, why, check=stated.check)
    return Clock({key: guess}, stated.value)


def _stamps(activity: Activity, arrays: Sequence[Array]) -> Array | None:
    """The clock of the activity: in its group before elsewhere, named before unnamed."""
    fitting = [
        array
        for array in arrays
        if array.length == activity.samples
        and looks_like_stamps(array)
        and not (array.values.step or 0) < 0
        and _is_for(array, activity)
    ]
    place = activity.array.place

    if not fitting:
        return _first_column(activity, arrays)

    def rank(array: Array) -> tuple[bool, ...]:
        named = is_called(array.name, CLOCK) or is_called(array.item.leaf, CLOCK)
        return (named, array.place == place, not array.companion, array.values.increasing)

    return max(fitting, key=rank)


def _longer_stamps(activity: Activity, arrays: Sequence[Array]) -> Array | None:
    """A clock with a few more stamps than samples, such as that of frames at the end of a file.

    A clock in another file, or with labels as long as itself, is theirs unless it names frames.
    """
    for array in arrays:
        more = array.length - activity.samples
        if not 0 < more <= MOST_MORE * activity.samples or not looks_like_stamps(array):
            continue
        others = (each for each in arrays if each is not array and each.place == array.place)
        alone = not array.companion and all(each.rows != array.length for each in others)
        if _is_for(array, activity) and (alone or FRAMES & set(words(array.name))):
            return array
    return None


def _taking_first(stamps: Array, rate_hz: float | None, activity: Activity) -> Clock:
    clock = _of_stamps(stamps, rate_hz, activity)
    why = f"'{stamps.path}' has {stamps.length} stamps, the activity {activity.samples} samples"
    return replace(clock, section=clock.section | {"take": Guess("first", why, check=True)})


def _first_column(activity: Activity, arrays: Sequence[Array]) -> Array | None:
    """The stamps that are the first column of a table of behaviour."""
    for array in arrays:
        if array.rows == activity.samples and first_column_is_time(array):
            values = array.item.columns[0]
            return replace(array, item=replace(array.item, values=values), column=0)
    return None


def _is_for(array: Array, activity: Activity) -> bool:
    """False for stamps of another series: those of NWB lie beside their own data."""
    if array.item.leaf != "timestamps" or activity.array.item.leaf != "data":
        return array.item.count == 1
    return array.place == activity.array.place


def _of_stamps(stamps: Array, rate_hz: float | None, activity: Activity) -> Clock:
    values = stamps.values
    if is_of_dates(stamps):
        return Clock({"path": Guess(stamps.path, "dates")}, rate_hz or USUAL, stamps)
    unit = time_unit(stamps, rate_hz)
    why = f"{stamps.rows} values"
    why += ", one for each sample" if stamps.rows == activity.samples else ""
    if values.increasing and values.step:
        why += f", that increase by {values.step:.4g}"
    section: Section = {"path": Guess(stamps.path, why), "unit": unit}
    if stamps.column is not None:
        section["column"] = Guess(stamps.column, "it increases like a clock")
    step = values.step or 0.0
    rate = 1 / (step * SECONDS[unit.value]) if step > 0 else rate_hz or USUAL
    if values.jitter > JITTER and not activity.is_counts:
        why = f"{values.jitter:.0%} of the steps differ from their median by more than a fifth"
        section["resample"] = Guess(True, why, check=True)
    return Clock(section, rate, stamps, unit.value)
