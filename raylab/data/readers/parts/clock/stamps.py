"""Time stamps in seconds, as a recipe names them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np

from raylab.data.readers.files import Files
from raylab.data.readers.labelling.stated_units import refuse_other_unit
from raylab.data.readers.parts.arrays import chosen_columns, first_text, vector
from raylab.data.recipe_sections.clock import TimeSpec
from raylab.data.recipe_sections.types import SECONDS
from raylab.errors import DataError

DATE = re.compile(
    r"(\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:[.]\d{1,9})?)?)?)(?: ?(Z|[+-]\d\d:?\d\d))?"
)


@dataclass(frozen=True, kw_only=True)
class Stamps:
    """One time stamp for each sample.

    Attributes:
        seconds: (T,) float64.
        name: Of the array, for errors: `time.path` and the path.
        unit_s: The unit in which they are stored, in seconds.
        spacing: Seconds between neighbouring numbers of the type they are stored in; 0 for float64
            and whole numbers, which are exact enough.
        place: (T,) the places of the stamps in the file, where a part of them is taken.
        stored: How many stamps the file then has.
        are_dates: They are stored as dates, so their seconds count from 1970.
    """

    seconds: np.ndarray
    name: str
    unit_s: float = 1.0
    spacing: float = 0.0
    place: np.ndarray | None = None
    stored: int = 0
    are_dates: bool = False


def read_stamps(files: Files, spec: TimeSpec) -> Stamps:
    """The stamps at `time.path`; several series matched by a pattern must share theirs."""
    assert spec.path is not None
    paths = files.match(spec.path, "time.path")
    columns = None if spec.column is None else (spec.column,)
    unit_s = spec.tick_s or SECONDS[spec.unit]
    first: Stamps | None = None
    for path in paths:
        if spec.tick_s is None and "unit" not in spec.model_fields_set:
            refuse_other_unit(files, path, spec.unit, "time.unit")
        stamps = stamps_of(files.read(path, "time.path"), path, columns, unit_s)
        if first is None:
            first = stamps
        elif not np.array_equal(stamps.seconds, first.seconds, equal_nan=True):
            raise DataError(
                f"`time.path` matches series on different clocks: '{paths[0]}' and '{path}'",
                "Resample the units onto one clock first, or read a part of them.",
            )
    assert first is not None  # a pattern that matches nothing is an error
    start = zero_of(files, spec.zero, "time.zero", unit_s)
    dates = first.are_dates and spec.zero is None  # from a zero, time no longer counts from 1970
    return replace(first, seconds=first.seconds[:: spec.every] - start, are_dates=dates)


def zero_of(files: Files, path: str | None, key: str, unit_s: float) -> float:
    """The stamp, in seconds, at which a clock reads 0: the first value of the array at `path`.

    Two devices whose clocks began at different moments share one clock when each counts from the
    same event.
    """
    if path is None:
        return 0.0
    stamps = seconds(files.read(path, key).reshape(-1)[:1], key, None, unit_s)
    if not len(stamps) or not np.isfinite(stamps[0]):
        raise DataError(f"`{key}` '{path}' has no first value", f"Check `{key}`.")
    return float(stamps[0])


def stamps_of(
    array: np.ndarray, path: str, columns: tuple[int, ...] | None, unit_s: float
) -> Stamps:
    """The stamps in one array."""
    array = dates_of(array)
    are_dates = array.dtype.kind == "M"
    spacing = 0.0
    if array.dtype.kind == "f" and array.dtype.itemsize < 8:
        largest = np.abs(array[np.isfinite(array)]).max(initial=0)
        spacing = float(np.spacing(largest)) * unit_s
    return Stamps(
        seconds=seconds(array, "time", columns, unit_s),
        name=f"`time.path` '{path}'",
        unit_s=1.0 if array.dtype.kind in "mM" else unit_s,
        spacing=spacing,
        are_dates=are_dates,
    )


def seconds(
    array: np.ndarray, key: str, columns: tuple[int, ...] | None, unit_s: float
) -> np.ndarray:
    """(T,) float64 seconds from numbers in a unit, or from dates, which count from 1970."""
    array = dates_of(array)
    if array.dtype.kind == "U" and (place := first_text(array)) is not None:
        raise DataError(
            f"`{key}` names texts that are neither numbers nor dates: value {place} is "
            f"'{array.flat[place]}'",
            "Store seconds as numbers, or dates such as 2024-03-01 10:00:00.25, all of them with "
            "a zone (+01:00, Z) or none.",
        )
    if array.dtype.kind not in "mM":
        values = vector(array, key, columns) * unit_s
        return np.asarray(np.ma.filled(values, np.nan))
    array = chosen_columns(array, key, columns).reshape(-1)
    kind = "datetime64" if array.dtype.kind == "M" else "timedelta64"
    whole = np.ma.getdata(array).astype(f"{kind}[us]").astype(np.int64)
    absent = np.isnat(np.ma.getdata(array)) | np.ma.getmaskarray(array)
    return np.where(absent, np.nan, whole / 1e6)


def dates_of(array: np.ndarray) -> np.ndarray:
    """Texts that are all dates in the order year-month-day become dates; others stay as they are.

    Empty texts are no dates but missing ones. Dates with a zone, such as +01:00, become those of
    Greenwich. Dates in another order are never guessed, nor is a zone that only some texts state.
    """
    if array.dtype.kind != "U" or not array.size:
        return array
    dates: list[str] = []
    minutes: list[int] = []  # east of Greenwich
    with_zone = set()
    for text in array.reshape(-1).tolist():
        date = DATE.fullmatch(text)
        if text and date is None:
            return array
        dates.append("NaT" if date is None else date[1])
        minutes.append(0 if date is None else _minutes_east(date[2]))
        with_zone |= set() if date is None else {date[2] is not None}
    if len(with_zone) != 1:
        return array
    try:
        local = np.array(dates, "datetime64[ns]").astype("datetime64[us]")
    except ValueError:  # such as day 31 of February
        return array
    return np.asarray((local - np.array(minutes, "timedelta64[m]")).reshape(array.shape))


def _minutes_east(zone: str | None) -> int:
    if zone is None or zone == "Z":
        return 0
    minutes = 60 * int(zone[1:3]) + int(zone[-2:])
    return -minutes if zone[0] == "-" else minutes
