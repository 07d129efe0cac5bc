"""Which arrays are time stamps, and their unit."""

from __future__ import annotations

import re

from raylab.data.drafting.arrays import Array
from raylab.data.drafting.field_names import (
    CLOCK,
    LABELS,
    START,
    STOP,
    TIME_UNITS,
    is_called,
    unit_in,
    words,
)
from raylab.data.drafting.guess import Guess
from raylab.data.recipe_sections.types import SECONDS

STAMPS = {"time", "times", "timestamp", "timestamps", "stamp", "stamps", "t"}  # of frames
SLOWEST, FASTEST = 0.5, 2000.0  # Hz that a recording plausibly has


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
    numbers = is_called(array.name, {"frame"}) and not set(words(array.name)) & STAMPS
    label = is_called(array.name, LABELS | START | STOP) and not named
    return (increasing and not label) or (named and not numbers)


def is_of_dates(array: Array) -> bool:
    """True for dates, also as text, under the name of a clock."""
    if array.item.dtype == "text":
        examples = array.values.examples
        dated = all(re.match(r"\d{4}-\d\d-\d\d[ T]\d\d:", text) for text in examples)
        return bool(examples) and dated and is_called(array.name, CLOCK | {"date", "datetime"})
    return array.item.dtype == "date"


def first_column_is_time(array: Array) -> bool:
    """True for a narrow table whose first column increases like a clock."""
    columns = array.item.columns
    return bool(columns) and columns[0].increasing and not columns[0].whole
