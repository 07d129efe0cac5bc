"""The sampling rates that a file states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from raylab.data.drafting.activity import Activity
from raylab.data.drafting.field_names import (
    INTERVALS,
    RATE,
    is_called,
    unit_in,
)
from raylab.data.looking.item import FileContents, Item
from raylab.data.recipe_sections.types import SECONDS


@dataclass(frozen=True)
class StatedRate:
    """A rate in Hz, where it is stated, and its path where a recipe can name it.

    Attributes:
        check: True if the unit in which it is stated is doubtful.
    """

    value: float
    source: str
    path: str = ""
    check: bool = False


def stated_rates(activity: Activity, file: FileContents) -> Iterator[StatedRate]:
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
        yield StatedRate(each.values.high or 0.0, f"'{each.name}'", each.name)
    for each in file.items:
        yield from _of_interval(each)
    for name, owned in attributes.items():
        yield from _of_attributes(name, owned)


def _of_interval(item: Item) -> Iterator[StatedRate]:
    """The rate of a lone number that is the time between two samples, such as `dt`."""
    values = item.values
    step = values.high if item.numeric and values is not None and values.size == 1 else None
    if not step or step <= 0 or not is_called(item.leaf, INTERVALS):
        return
    named, _ = unit_in(item.leaf)
    unit = named if named in SECONDS else ("s" if step < 1 else "ms")
    rate = round(1 / (step * SECONDS[unit]), 6)
    why = f"1 / '{item.name}', which is {step:g} {unit}"
    yield StatedRate(rate, why, check=named not in SECONDS)


def _of_attributes(name: str, attributes: Mapping[str, object]) -> Iterator[StatedRate]:
    for key, value in attributes.items():
        number = _number(value)
        if number is not None and number > 0 and is_called(key, RATE):
            yield StatedRate(number, f"the attribute '{key}' of '{name or '/'}'", f"{name}@{key}")


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
