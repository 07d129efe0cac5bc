"""The clock of the activity: time stamps, a rate in the file, or a rate that nothing states."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from raylab.data.drafting.activity import Activity
from raylab.data.drafting.arrays import Array
from raylab.data.drafting.field_names import (
    CLOCK,
    LABELS,
    RATE,
    START,
    STOP,
    TIME_UNITS,
    is_called,
    unit_in,
)
from raylab.data.drafting.guess import Guess, Section
from raylab.data.looking.item import FileContents
from raylab.data.recipe_sections import SECONDS

SLOWEST, FASTEST = 0.5, 2000.0  # Hz that a recording plausibly has
USUAL = 30.0
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
    stated = next(_rates(activity, file), None)
    stamps = None if activity.trials else _stamps(activity, arrays)
    if stamps is not None:
        return _of_stamps(stamps, stated.value if stated is not None else None, activity)
    if stated is None:
        why = "nothing in the file states a rate"
        return Clock({"rate_hz": Guess(USUAL, why, check=True)}, USUAL)
    key = "rate_path" if stated.path else "rate_hz"
    guess = Guess(stated.path or stated.value, f"{stated.source} is {stated.value:g}")
    return Clock({key: guess}, stated.value)


def time_unit(array: Array, rate_hz: float | None = None) -> Guess:
    """The unit of time stamps: stated, in the name, or the one that gives a plausible rate."""
    known = {name: unit for unit, names in TIME_UNITS.items() for name in names}
    if array.item.unit.lower() in known:
        return Guess(known[array.item.unit.lower()], "stated in the file")
    in_name, _ = unit_in(array.item.leaf)
    if in_name in SECONDS:
        return Guess(in_name, "the end of its name")
    step = array.values.step
    if not step or step <= 0:
        return Guess("s", "the file states no unit", check=True)
    rates = {unit: 1 / (step * SECONDS[unit]) for unit in ("s", "ms", "us", "ns")}
    if rate_hz:
        unit = min(rates, key=lambda unit: abs(rates[unit] / rate_hz - 1))
        return Guess(unit, f"steps of {step:.4g}, with a rate of {rate_hz:g} Hz in the file")
    unit = next((unit for unit, rate in rates.items() if SLOWEST <= rate <= FASTEST), "s")
    rate = rates[unit]
    return Guess(unit, f"steps of {step:.4g} are {rate:.4g} Hz", check=unit != "s" or rate < 1.5)


def looks_like_stamps(array: Array) -> bool:
    """True for a vector of numbers that is named like a clock, or increases like one."""
    if array.is_vector and is_of_dates(array):
        return True
    if not (array.is_vector and array.item.numeric):
        return False
    if array.item.count > 1:  # the stamps of a family, such as one series for each unit
        return array.item.leaf == "timestamps"
    named = is_called(array.name, CLOCK) or is_called(array.item.leaf, CLOCK)
    increasing = array.values.increasing and not array.values.whole
    # A position may increase as well, and so do the starts and stops of trials.
    label = is_called(array.name, LABELS | START | STOP) and not named
    return (increasing and not label) or (named and not is_called(array.name, {"frame"}))


def is_of_dates(array: Array) -> bool:
    """True for dates, also as text, under the name of a clock."""
    if array.item.dtype == "text":
        examples = array.values.examples
        dated = all(re.match(r"\d{4}-\d\d-\d\d[ T]\d\d:", text) for text in examples)
        return bool(examples) and dated and is_called(array.name, CLOCK | {"date", "datetime"})
    return array.item.dtype == "date"


@dataclass(frozen=True)
class _Rate:
    value: float
    source: str
    path: str = ""


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


def first_column_is_time(array: Array) -> bool:
    """True for a narrow table whose first column increases like a clock."""
    columns = array.item.columns
    return bool(columns) and columns[0].increasing and not columns[0].whole


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
    why = f"{stamps.rows} values, one for each sample"
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


def _rates(activity: Activity, file: FileContents) -> Iterator[_Rate]:
    """Rates that the file states, the nearest to the activity first."""
    item = activity.array.item
    groups = [item.name, *_parents(item.name)]
    attributes = {each.name: each.attributes for each in file.items}
    for group in groups:
        yield from _of_attributes(group, attributes.get(group, {}))
    scalars = [
        each
        for each in file.items
        if each.numeric and each.values is not None and each.values.size == 1
        and is_called(each.leaf, RATE) and (each.values.high or 0) > 0
    ]  # fmt: skip
    scalars.sort(key=lambda each: each.parent not in groups)
    for each in scalars:
        assert each.values is not None
        yield _Rate(each.values.high or 0.0, f"'{each.name}'", each.name)
    for name, owned in attributes.items():
        yield from _of_attributes(name, owned)


def _of_attributes(name: str, attributes: Mapping[str, object]) -> Iterator[_Rate]:
    for key, value in attributes.items():
        number = _number(value)
        if number is not None and number > 0 and is_called(key, RATE):
            yield _Rate(number, f"the attribute '{key}' of '{name or '/'}'", f"{name}@{key}")


def _number(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None


def _parents(name: str) -> Iterator[str]:
    while "/" in name:
        name = name.rpartition("/")[0]
        yield name
    if name:
        yield ""
