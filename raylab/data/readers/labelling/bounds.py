"""The starts and stops of a table of intervals, checked, and the samples between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from raylab.data.labels.intervals import IntervalsSpec
from raylab.data.readers.files import Files
from raylab.data.readers.labelling.tables import column_of
from raylab.data.readers.parts.activity import Activity
from raylab.data.readers.parts.clock.stamps import seconds
from raylab.data.recipe_sections.types import SECONDS, TimeUnit
from raylab.errors import DataError

ROUNDING_S = 1e-6  # intervals that follow each other may overlap by rounding
ROUNDING_SHARE = 1e-6  # of a sample's step: a stamp that misses a start by less is at the start


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Intervals [start, stop) in seconds.

    Attributes:
        key: Of the recipe, for errors and notes.
        start: (R,) in the order of the table; NaN where an interval has no start or no stop.
        stop: (R,)
        notes: Which intervals are left out.
    """

    key: str
    start: np.ndarray
    stop: np.ndarray
    notes: tuple[str, ...] = ()

    def rows_at(self, activity: Activity) -> np.ndarray:
        """(T,) int64, the interval in which each sample lies, -1 where it lies in none."""
        time = activity.time + ROUNDING_SHARE / activity.rate_hz
        order = np.argsort(self.start, kind="stable")
        order = order[~np.isnan(self.start[order])]
        if not len(order):
            return np.full(len(time), -1)
        place = np.searchsorted(self.start[order], time, side="right") - 1
        row = order[np.maximum(place, 0)]
        return np.where((place >= 0) & (time < self.stop[row]), row, -1)

    def outside(self, activity: Activity, row: np.ndarray) -> list[str]:
        """Notes on the intervals that hold no sample.

        Raises:
            DataError: None of them holds one.
        """
        first, last = float(activity.time.min()), float(activity.time.max())
        known = ~np.isnan(self.start)
        beyond = known & ((self.stop <= first) | (self.start > last))
        empty = known & ~beyond & ~np.isin(np.arange(len(self.start)), row)
        name, rows = self.key.rpartition(".")[2], len(self.start)
        if beyond.any() and beyond.sum() == known.sum():
            raise DataError(
                f"all {rows} intervals of `{self.key}` lie outside the recording: they go from "
                f"{np.nanmin(self.start):g} to {np.nanmax(self.stop):g} s, the recording from "
                f"{first:g} to {last:g} s",
                f"Check `{self.key}.unit`, and that both are on one clock.",
            )
        notes = []
        if beyond.any():
            notes.append(
                f"{int(beyond.sum())} of {rows} intervals of `{name}` lie outside the recording."
            )
        if empty.any():
            notes.append(
                f"{int(empty.sum())} of {rows} intervals of `{name}` hold no sample: they are "
                f"shorter than a sample or in a pause, or `{self.key}.unit` is another one."
            )
        return notes


def bounds_of(files: Files, name: str, spec: IntervalsSpec, clock_unit: TimeUnit) -> Bounds:
    """The intervals of a table.

    Raises:
        DataError: Their starts and stops differ in number, or an interval ends before it starts, or
            two overlap.
    """
    key = f"intervals.{name}"
    unit_s = SECONDS[spec.unit or clock_unit]
    start, start_step = _seconds(files, spec, "start", key, unit_s)
    stop, stop_step = _seconds(files, spec, "stop", key, unit_s)
    if len(start) != len(stop):
        raise DataError(
            f"`{key}` has {len(start)} starts and {len(stop)} stops", f"Check `{key}.start`."
        )
    absent = np.isnan(start) | np.isnan(stop)
    backwards = np.flatnonzero(stop < start)
    if len(backwards):
        row = backwards[0]
        raise DataError(
            f"`{key}`: row {row} (counted from 0) ends before it starts, at {stop[row]:g} after "
            f"{start[row]:g} s",
            f"Check `{key}.start` and `{key}.stop`.",
        )
    _check_apart(np.where(absent, np.nan, start), stop, key, max(ROUNDING_S, start_step, stop_step))
    notes = []
    if not len(start):
        notes.append(f"The table of `{key}` has no rows.")
    if absent.any():
        notes.append(
            f"{int(absent.sum())} of {len(start)} intervals of `{name}` have no start or no stop; "
            "they are left out."
        )
    return Bounds(key=key, start=np.where(absent, np.nan, start), stop=stop, notes=tuple(notes))


def _seconds(
    files: Files, spec: IntervalsSpec, end: str, key: str, unit_s: float
) -> tuple[np.ndarray, float]:
    """(R,) s, and the seconds between neighbouring numbers of the type they are stored in."""
    raw = column_of(files, spec.path, getattr(spec, end), f"{key}.{end}")
    step = 0.0
    if raw.dtype.kind == "f" and raw.size:
        largest = np.abs(raw[np.isfinite(raw)]).max(initial=0)
        step = 2 * float(np.spacing(largest)) * unit_s
    return seconds(raw, f"{key}.{end}", None, unit_s), step


def _check_apart(start: np.ndarray, stop: np.ndarray, key: str, rounding_s: float) -> None:
    order = np.argsort(start, kind="stable")[: int((~np.isnan(start)).sum())]
    latest = np.maximum.accumulate(stop[order])
    overlaps = np.flatnonzero(start[order][1:] < latest[:-1] - rounding_s)
    if not len(overlaps):
        return
    second = order[overlaps[0] + 1]
    first = order[: overlaps[0] + 1][np.argmax(stop[order][: overlaps[0] + 1])]
    raise DataError(
        f"`{key}`: rows {first} and {second} (counted from 0) overlap: {start[first]:g} to "
        f"{stop[first]:g} s and {start[second]:g} to {stop[second]:g} s",
        "A sample has one label: correct the table, or give overlapping kinds of intervals tables "
        "of their own.",
    )
