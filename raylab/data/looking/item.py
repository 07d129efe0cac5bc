"""What a look into a file returns: its items, and what their values look like."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from raylab.results import Result

# A `/` between the parts of a name, but neither in brackets nor in a speed at its end (`run cm/s`).
LENGTHS = ("m", "mm", "cm", "µm", "um", "px", "deg", "rad")
NO_SPEED = "".join(rf"(?<![ _]{unit})" for unit in LENGTHS) + r"|(?!/(?:s|sec|min)$)"
DIVIDER = re.compile(rf"(?:{NO_SPEED})/(?![^()\[\]]*[)\]])")
DIFFERS = -1  # in the shape of a family, where its arrays differ


@dataclass(frozen=True, kw_only=True)
class Values(Result):
    """What the values of an array look like, judged by a sample of bounded size.

    Attributes:
        size: Number of values in the sample.
        all: True if the sample is the whole array.
        low: The smallest finite value; None for text, and where no value is finite.
        high: The largest finite value.
        first: The first value of a vector of numbers.
        last: The last value of a vector of numbers.
        whole: True if every finite value is a whole number.
        missing: Share of NaN, infinite values and empty cells.
        distinct: Number of different values.
        increasing: True for a vector in which every value is larger than the one before it.
        step: Median difference between two neighbours of a vector.
        steady: True if all steps of a vector are equal, up to rounding.
        jitter: Share of the steps of a clock that differ from their median by more than a fifth,
            pauses left out.
        examples: Some of the values of text.
    """

    size: int
    all: bool = True
    low: float | None = None
    high: float | None = None
    first: float | None = None
    last: float | None = None
    whole: bool = False
    missing: float = 0.0
    distinct: int = 0
    increasing: bool = False
    step: float | None = None
    steady: bool = False
    jitter: float = 0.0
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Item(Result):
    """A group, an array, a text or a table column of a file.

    Attributes:
        name: Its path in the file, as a recipe would name it. `*` stands for the numbers of a
            family of arrays.
        kind: `array`, `group`, `cells` (of MATLAB), `link` or `objects`, which are not read.
        shape: Of an array. -1 where the arrays of a family differ.
        dtype: Type of the values, such as `float32` or `text`.
        unit: As the file states it.
        count: Number of arrays of a family; 1 for a lone array.
        attributes: The attributes that matter, such as sampling rates and conversion factors.
        values: What the values look like; None where they were not read.
        columns: What the columns of a narrow table look like.
        note: What is special about the item.
    """

    name: str
    kind: str = "array"
    shape: tuple[int, ...] = ()
    dtype: str = ""
    unit: str = ""
    count: int = 1
    attributes: Mapping[str, Any] = field(default_factory=dict)
    values: Values | None = None
    columns: tuple[Values, ...] = ()
    note: str = ""

    @property
    def leaf(self) -> str:
        """The last part of the name."""
        return self.parts[-1]

    @property
    def parent(self) -> str:
        """The name of the group that the item lies in; empty at the top."""
        return "/".join(self.parts[:-1])

    @property
    def parts(self) -> list[str]:
        """The parts of the name; that of `speed (cm/s)` and `speed cm/s` does not divide it."""
        return DIVIDER.split(self.name)

    @property
    def numeric(self) -> bool:
        return self.kind in ("array", "cells") and self.dtype not in ("text", "objects", "date")


@dataclass(frozen=True, kw_only=True)
class FileContents(Result):
    """What is in one file.

    Attributes:
        name: The file's path below the path that was looked at.
        format: raylab's name of the format; empty where raylab does not read such files.
        what: What the file is, in words.
        bytes: Size of the file.
        items: What it holds.
        error: Why it could not be read; empty where it could.
        remedy: What to do about the error.
    """

    name: str
    format: str = ""
    what: str = ""
    bytes: int = 0
    items: tuple[Item, ...] = ()
    error: str = ""
    remedy: str = ""

    def item(self, name: str) -> Item | None:
        """The item of this name; None where there is none."""
        return next((item for item in self.items if item.name == name), None)


def item_from(record: Mapping[str, Any]) -> Item:
    """The item whose `to_dict()` was handed over by the reading process."""
    values = record["values"]
    return Item(
        **{
            **record,
            "shape": tuple(record["shape"]),
            "values": _values_from(values) if values else None,
            "columns": tuple(_values_from(column) for column in record["columns"]),
        }
    )


def _values_from(record: Mapping[str, Any]) -> Values:
    return Values(**{**record, "examples": tuple(record["examples"])})
