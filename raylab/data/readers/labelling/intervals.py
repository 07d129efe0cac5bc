"""Tables of intervals: labels and groups that hold from a start to a stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from raylab.data.checks.angles import doubtful_angles
from raylab.data.labels.intervals import IntervalsSpec
from raylab.data.readers.files import Files
from raylab.data.readers.labelling.bounds import bounds_of
from raylab.data.readers.labelling.group_ids import NO_GROUP, group_ids
from raylab.data.readers.labelling.tables import column_of
from raylab.data.readers.labelling.values import typed_label
from raylab.data.readers.parts.activity import Activity
from raylab.data.recipe_sections.clock import TimeSpec
from raylab.data.recipe_sections.types import TimeUnit
from raylab.data.session import Label
from raylab.errors import DataError


@dataclass(frozen=True)
class FromIntervals:
    """What tables of intervals give a session.

    Attributes:
        labels: By the name of their column.
        groups: (T,) ids: the row of a table by its name, and columns by theirs.
        notes: What was left out, one sentence each.
    """

    labels: dict[str, Label] = field(default_factory=dict)
    groups: dict[str, np.ndarray] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def read_intervals(
    files: Files, tables: dict[str, IntervalsSpec], activity: Activity, clock: TimeSpec | None
) -> FromIntervals:
    """Labels and groups of all tables on the samples of `activity`.

    Where the time between trials is not known, row i of a table is trial i.

    Raises:
        DataError: Intervals overlap, end before they start, or all lie outside the recording.
    """
    held = FromIntervals()
    unit = clock.unit if clock is not None else "s"
    for name, spec in tables.items():
        _add_table(held, files, name, spec, _place_of(held, files, name, spec, activity, unit))
    return held


# From the number of rows of a column and the key that names it, (T,) the row of each sample.
_Place = Callable[[int, str], np.ndarray]


def _place_of(
    held: FromIntervals,
    files: Files,
    name: str,
    spec: IntervalsSpec,
    activity: Activity,
    unit: TimeUnit,
) -> _Place:
    """Which row of a table holds for each sample; it is also a group."""
    if activity.is_nominal:
        return lambda rows, key: activity.of_samples(np.arange(rows), key)
    bounds = bounds_of(files, name, spec, unit)
    row = bounds.rows_at(activity)
    held.groups[name] = row
    held.notes.extend([*bounds.notes, *bounds.outside(activity, row)])

    def place(rows: int, key: str) -> np.ndarray:
        if rows != len(bounds.start):
            raise DataError(
                f"`{key}` has {rows} values, the table {len(bounds.start)} intervals",
                f"Check `{key}`.",
            )
        return row

    return place


def _add_table(
    held: FromIntervals, files: Files, name: str, spec: IntervalsSpec, place: _Place
) -> None:
    for label, column in spec.columns.items():
        key = f"intervals.{name}.columns.{label}"
        raw = column_of(files, spec.path, label if column.column is None else column.column, key)
        stored, notes = typed_label(raw, column, key)
        rows = place(len(stored.values), key)
        held.labels[label] = stored.at(rows)
        held.groups.setdefault(name, rows)
        held.notes.extend([*notes, *doubtful_angles(label, stored, column)])
    for group in spec.groups:
        key = f"intervals.{name}.groups"
        ids = group_ids(column_of(files, spec.path, group, key), key)
        rows = place(len(ids), key)
        held.groups[str(group)] = np.append(ids, NO_GROUP)[rows]
        held.groups.setdefault(name, rows)
