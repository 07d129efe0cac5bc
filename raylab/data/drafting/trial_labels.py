"""Labels with a value for each sample of each trial, beside a tensor of trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from raylab.data.drafting.activity import Activity
from raylab.data.drafting.arrays import NARROW, Array
from raylab.data.drafting.field_names import LABELS, is_called
from raylab.data.drafting.guess import Section

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


def left_out(activity: Activity, arrays: Sequence[Array], labels: Section) -> Section:
    """The section `neural`, whose layout says which labels of trials no recipe can name.

    Such a label has a side of trials and one of samples, but not in the order of the tensor.
    """
    section, drafted = activity.section, set[str]()
    for label in labels.values():
        drafted.add(str(label["path"].value))
    sides = {activity.trials, activity.samples}
    others = [
        f"'{array.path}' ({' x '.join(map(str, array.item.shape))})"
        for array in arrays
        if array is not activity.array
        and is_called(array.name, LABELS) and array.path not in drafted
        and sides <= set(array.item.shape)
    ]  # fmt: skip
    if not (activity.trials and others):
        return section
    layout = section["layout"]
    why = f"{layout.why}; left out, as recipes need a few columns as the last or first axis: "
    return section | {"layout": replace(layout, why=why + ", ".join(others), check=True)}
