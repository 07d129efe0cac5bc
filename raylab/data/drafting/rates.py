"""The sampling rates that a file states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from raylab.data.drafting.activity import Activity
from raylab.data.drafting.field_names import (
    RATE,
    is_called,
)
from raylab.data.looking.item import FileContents


@dataclass(frozen=True)
class StatedRate:
    """A rate in Hz, where it is stated, and its path where a recipe can name it."""

    value: float
    source: str
    path: str = ""


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
    for name, owned in attributes.items():
        yield from _of_attributes(name, owned)


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
