"""The kind and unit of a label, from its type, its name and the values that were looked at."""

from __future__ import annotations

import math

from raylab.data.drafting.arrays import Array
from raylab.data.drafting.field_names import (
    CIRCULAR,
    CLASSES,
    GROUPS,
    LONG_UNITS,
    POSITION,
    is_called,
)
from raylab.data.drafting.guess import Guess, Section
from raylab.data.looking.item import Values

FEW = 20  # classes of a discrete label of numbers
MANY = 100  # classes of a discrete label of text, beyond which it may be something else
NO_VALUE = {"na", "n/a", "none", "null", "missing", "-"}  # texts that may mean a missing value
LONG = 1000  # values, of which each class has to occur more often
NUMBERED = {"frame", "image", "scene", "identity"} | GROUPS
NO_UNIT = {"n.a.", "na", "none", "a.u.", "au", "unknown", "arbitrary"}


def kind_of(array: Array, unit: str) -> Section:
    """The keys `kind` and `unit` of a label."""
    unit = LONG_UNITS.get(unit.lower(), unit)
    unit = "" if unit.lower() in NO_UNIT else unit
    if (discrete := _discrete(array)) is not None:
        return {"kind": discrete}
    if is_called(array.name, CIRCULAR) and not is_called(array.name, {"velocity", "speed"}):
        return _circular(array, unit)
    section: Section = {"kind": _continuous(array)}
    return section | ({"unit": Guess(unit, "its name or the file")} if unit else {})


def _discrete(array: Array) -> Guess | None:
    values, item = array.values, array.item
    if item.dtype == "text":
        return _text(values)
    if item.dtype == "bool":
        return Guess("discrete", "true or false")
    if not values.size or not values.whole or not array.is_vector:
        return None
    if is_called(array.name, NUMBERED):
        return Guess("discrete", f"{values.distinct} whole numbers; a name of classes")
    repeats = 5 if values.size > LONG else 2
    few = values.distinct <= FEW and values.distinct * repeats <= values.size
    if not few:
        return None
    known = is_called(array.name, CLASSES)
    moving = is_called(array.name, POSITION - {"x", "y", "z"}) and not known
    why = f"{values.distinct} different whole numbers"
    return None if moving and values.distinct > 2 else Guess("discrete", why, check=not known)


def _text(values: Values) -> Guess:
    """Classes, unless there are too many of them, or one of them says that a value is missing."""
    why = f"text: {', '.join(values.examples[:4])}"
    words = [f'"{text}"' for text in values.examples if text.lower() in NO_VALUE]
    if values.distinct > MANY:
        asks = "if these are numbers and words for missing ones, `continuous` with `missing:`"
        return Guess("discrete", f"{why} ...; {asks}", check=True)
    if words:
        asks = f"`missing: {words[0]}` if it is no class"
        return Guess("discrete", f"{why}; {asks}", check=True)
    return Guess("discrete", why)


def _circular(array: Array, unit: str) -> Section:
    low, high = array.values.low or 0.0, array.values.high or 0.0
    seen = f"its name, and values from {low:.4g} to {high:.4g}"
    turn = 2 * math.pi * 1.001
    # Trackers write -1 where they see nothing.
    if unit != "rad" and low == -1 and 180 < high <= 360:
        asks = "`missing: -1` if -1 stands for a lost animal"
        return {"kind": Guess("circular", f"{seen}; {asks}", check=True), "unit": Guess("deg")}
    if unit != "deg" and low >= -turn and high <= turn and high - low <= turn:
        return {"kind": Guess("circular", seen), "unit": Guess("rad", "by the values")}
    if unit != "rad" and low >= -360.0 and high <= 360.0 and high - low <= 360.0:
        return {"kind": Guess("circular", seen), "unit": Guess("deg", "by the values")}
    section: Section = {"kind": Guess("continuous", f"{seen}: more than one turn", check=True)}
    return section | ({"unit": unit} if unit else {})


def _continuous(array: Array) -> Guess:
    values = array.values
    if not values.size:
        return Guess("continuous", "no value was looked at", check=True)
    if is_called(array.name, {"position", "pos"}) and _wraps(array):
        why = "`circular` with `period:` where the track is closed"
        return Guess("continuous", f"{values.low:.4g} to {values.high:.4g}; {why}")
    about = "about " if not values.all else ""
    return Guess(
        "continuous", f"{about}{values.low:.4g} to {values.high:.4g}, not few whole numbers"
    )


def _wraps(array: Array) -> bool:
    return bool(array.is_vector and array.values.low is not None)
