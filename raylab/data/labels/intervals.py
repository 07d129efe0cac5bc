"""The section `intervals` of a recipe: tables of trials, epochs, stimuli; see docs/recipes.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from raylab.config.base import Strict
from raylab.data.recipe_sections.label import LabelValues
from raylab.data.recipe_sections.types import Column, TimeUnit

UNNAMED = "trial"  # the name of a table whose recipe gives none


class IntervalColumn(LabelValues):
    """A column of a table of intervals: a label that holds for all samples of an interval."""

    column: Column | None = Field(None, description="default: the name of the label")


def _kinds(value: object) -> object:
    """`[a, b]` are discrete columns; `{a: continuous}` states the kind alone."""
    if isinstance(value, list | tuple):
        value = dict.fromkeys(value, "discrete")
    if not isinstance(value, Mapping):
        return value
    columns: dict[str, Any] = {}
    for name, column in value.items():
        keys = {"kind": column} if isinstance(column, str) else column
        if isinstance(name, int) and isinstance(keys, Mapping):
            keys = {"column": name, **keys}
        columns[str(name)] = keys
    return columns


class IntervalsSpec(Strict):
    """A table with one interval [start, stop) per row.

    Its columns become labels, and the number of the row a group.
    """

    path: str = Field("", description="the table, as of the columns of a label")
    start: Column = "start_time"
    stop: Column = "stop_time"
    unit: TimeUnit | None = Field(None, description="of start and stop; default time.unit")
    columns: Annotated[dict[str, IntervalColumn], BeforeValidator(_kinds)] = Field(
        {}, description="label: kind, or label: {kind, unit, column, missing, period}"
    )
    groups: tuple[Column, ...] = Field((), description="columns that become groups as well")


def named_tables(value: object) -> object:
    """A mapping of tables by name, where `value` may be one table without a name."""
    if isinstance(value, Mapping) and value and set(value) <= set(IntervalsSpec.model_fields):
        return {UNNAMED: value}
    return value


Intervals = Annotated[dict[str, IntervalsSpec], BeforeValidator(named_tables)]


def interval_labels(tables: Mapping[str, IntervalsSpec]) -> list[str]:
    """The labels that the tables give, in order."""
    return [name for table in tables.values() for name in table.columns]


def check_names(
    tables: Mapping[str, IntervalsSpec], labels: Iterable[str], groups: Iterable[str]
) -> None:
    """Raise a ValueError where two labels, or two groups, of a recipe have one name."""
    known = set(labels)
    for table, spec in tables.items():
        for name in spec.columns:
            if name in known:
                raise ValueError(
                    f"intervals.{table}.columns: there is another label '{name}'; give one a new "
                    f"name, such as {table}_{name}: {{column: {name}, kind: discrete}}"
                )
            known.add(name)
    given = [(name, "groups") for name in groups]
    for table, spec in tables.items():
        given += [(table, f"intervals.{table}")]
        given += [(str(name), f"intervals.{table}.groups") for name in spec.groups]
    for number, (name, place) in enumerate(given):
        if name in [other for other, _ in given[:number]]:
            raise ValueError(f"{place}: there is another group '{name}'")
