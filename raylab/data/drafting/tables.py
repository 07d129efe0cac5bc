"""Tables of intervals: arrays that state where trials, epochs or stimuli start and stop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from raylab.data.drafting.arrays import Array
from raylab.data.drafting.field_names import GROUPS, START, STOP, is_called, words
from raylab.data.drafting.guess import Guess, Section
from raylab.data.drafting.kinds import kind_of

FEWEST = 2  # intervals of a table
NO_LABEL = {"id", "tags", "timeseries", "index", "duration"}
MOST_DISTINCT = 0.5  # of the rows of a text column: one that names each row is no class


@dataclass(frozen=True)
class Tables:
    """The section `intervals`, and the arrays that it is drafted from."""

    section: Section
    used: tuple[Array, ...]


def tables_of(arrays: Sequence[Array], samples: int, taken: set[str]) -> Tables:
    """Every table that has a start and a stop for each row.

    Args:
        samples: Of the activity: vectors of this length are no table.
        taken: Names of the labels; each column becomes a label of its own name.
    """
    section, used = Section(), list[Array]()
    for place, table in _places(arrays, samples):
        start = _column(table, START)
        stop = _column(table, STOP)
        if start is None or stop is None or start is stop or _overlap(start, stop):
            continue
        name = _singular(place.rpartition("/")[2]) or "trial"
        columns = _columns(table, start, stop, taken | {name})
        if name in section or name in taken:
            continue
        taken |= {name, *columns}
        why = f"{start.length} rows with a start and a stop"
        section[name] = {
            "path": Guess(_prefix(start), why),
            "start": Guess(start.item.leaf),
            "stop": Guess(stop.item.leaf),
        } | ({"columns": columns} if columns else {})
        used += table
    return Tables(section, tuple(used))


def _places(arrays: Sequence[Array], samples: int) -> Iterator[tuple[str, list[Array]]]:
    groups: dict[tuple[str, str, int], list[Array]] = {}
    for array in arrays:
        of_rows = array.is_vector and array.item.count == 1 and array.length >= FEWEST
        if of_rows and array.length != samples:
            groups.setdefault((*array.place, array.length), []).append(array)
    for (companion, parent, _), table in groups.items():
        yield parent or companion, table


def _column(table: Sequence[Array], known: set[str]) -> Array | None:
    """The column of a name; one that says `time` besides wins."""
    named = [array for array in table if array.item.numeric and set(words(array.item.leaf)) & known]
    named.sort(key=lambda array: "time" not in words(array.item.leaf))
    return named[0] if named else None


def _overlap(start: Array, stop: Array) -> bool:
    """True where the first interval lasts longer than it usually takes until the next one."""
    begins, ends, step = start.values.first, stop.values.first, start.values.step
    if begins is None or ends is None or step is None:
        return False
    return ends - begins > 1.5 * step > 0


def _columns(table: Sequence[Array], start: Array, stop: Array, taken: set[str]) -> Section:
    columns = Section()
    for array in table:
        name, values = array.item.leaf, array.values
        if array in (start, stop) or is_called(name, NO_LABEL) or name in taken:
            continue
        if values.increasing and values.whole and is_called(name, GROUPS):
            continue  # the number of the row, which is the group of the table
        if is_called(name, {"time", "times"}) or values.distinct <= 1:
            continue
        if array.item.dtype == "text" and values.distinct > MOST_DISTINCT * values.size:
            continue
        kind = kind_of(array, array.item.unit)
        columns[name] = kind if len(kind) > 1 else kind["kind"]
    return columns


def _prefix(start: Array) -> str:
    parent = start.item.parent
    if not start.companion:
        return parent
    return f"{start.companion}:{parent}"


def _singular(name: str) -> str:
    return name.removesuffix("s") if not name.endswith("ss") else name
