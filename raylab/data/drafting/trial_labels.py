"""Labels with a value for each sample of each trial, beside a tensor of trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from raylab.data.drafting.arrays import NARROW, Array

if TYPE_CHECKING:
    from raylab.data.drafting.activity import Activity

AXES = 3


def of_trial_samples(array: Array, activity: Activity) -> Array:
    """The array, marked where it has a value for each sample of each trial.

    Trials and samples have the order of the tensor; columns are the last axis, or the first.
    """
    layout = str(activity.section["layout"].value) if "layout" in activity.section else ""
    if not activity.trials or "trial" not in layout or array is activity.array:
        return array
    sizes = {"trial": activity.trials, "time": activity.samples}
    pair = tuple(sizes[axis] for axis in layout.split("_") if axis in sizes)
    shape = array.item.shape
    if shape == pair:
        flat = replace(array.item, shape=(pair[0] * pair[1],))
        return replace(array, item=flat, per_sample=True)
    if len(shape) != AXES:
        return array
    last = shape[:2] == pair and shape[2] <= NARROW
    first = shape[1:] == pair and shape[0] <= NARROW
    return replace(array, per_sample=True) if last or first else array


def turned(array: Array, activity: Activity) -> bool:
    """True where the columns of a label of trials and samples are the first axis."""
    sizes = {activity.trials, activity.samples}
    shape = array.item.shape
    return array.per_sample and len(shape) == AXES and not set(shape[:2]) <= sizes


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
