"""Which side of a table of activity is time, and which axis of a tensor has the units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from raylab.data.drafting.arrays import NARROW, Array
from raylab.data.drafting.field_names import (
    CLOCK,
    LABELS,
    START,
    STOP,
    is_called,
)

AXES = 3  # of a tensor of trials
MOST_RATIO = 20  # of the sides of an array whose shorter side may be time


def sides_of(array: Array, vectors: Mapping[int, Sequence[Array]]) -> tuple[bool, str, bool]:
    """(True where the rows are samples, why, doubtful)."""
    shape = array.item.shape
    rows, columns = shape
    size = f"{rows} x {columns}"
    votes = [sum(_votes(each) for each in vectors.get(side, ())) for side in shape]
    if max(shape) > MOST_RATIO * min(shape):
        votes[shape.index(min(shape))] = 0
    if rows != columns and votes[0] != votes[1]:
        side = 0 if votes[0] > votes[1] else 1
        best = max(_votes(each) for each in vectors[shape[side]])
        telling = [each for each in vectors[shape[side]] if _votes(each) == best]
        witness = max(telling, key=lambda each: each.place == array.place)
        place = "rows" if side == 0 else "columns"
        return side == 0, f"{size}: '{witness.path}' has a value for each of the {place}", False
    if rows == columns:
        return True, f"{size}: as many rows as columns, the rows taken for samples", True
    if rows > columns:
        return True, f"{size}: fewer columns than rows, so the columns are units", False
    return False, f"{size}: fewer rows than columns, so the rows are units", False


def _votes(array: Array) -> int:
    """How much a vector tells about the samples."""
    bounds = is_called(array.name, START | STOP)  # of intervals, not of samples
    if array.values.increasing and (is_called(array.name, CLOCK) or not array.values.whole):
        return 0 if bounds else 3
    return 2 if is_called(array.name, LABELS) else 0


def units_axis(tensor: Array, arrays: Sequence[Array]) -> tuple[int | None, Array | None]:
    """(the axis of a tensor that arrays of all other axes lack, one of them); else nothing.

    A label of trials and samples lacks the axis of units, or has a few columns in its place.
    """
    sides = tensor.item.shape
    for array in arrays:
        shape = array.item.shape
        if array is tensor or len(shape) not in (2, AXES) or array.item.count > 1:
            continue
        if len(shape) == AXES:
            fitting = [
                axis
                for axis in range(AXES)
                if shape[axis] != sides[axis] and shape[axis] <= NARROW
                and all(shape[other] == sides[other] for other in range(AXES) if other != axis)
            ]  # fmt: skip
        else:
            fitting = [axis for axis in range(AXES) if (*sides[:axis], *sides[axis + 1 :]) == shape]
        if len(fitting) == 1:
            return fitting[0], array
    return None, None
