"""Which array is the neural data, which of its sides is time, and what kind of activity it is."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from raylab.data.drafting.arrays import NARROW, Array
from raylab.data.drafting.field_names import (
    ACTIVITY,
    CALCIUM,
    CLOCK,
    LABELS,
    NO_ACTIVITY,
    PREFERRED,
    SPIKING,
    is_called,
    words,
)
from raylab.data.drafting.guess import Guess, Section
from raylab.data.drafting.sides import sides_of, units_axis
from raylab.data.drafting.trial_cells import layout_of, trial_cells
from raylab.data.looking.item import DIFFERS

FEWEST_SAMPLES, FEWEST_UNITS, FEWEST_COLUMNS = 20, 2, 3
MOST_SPIKES = 200  # in one sample of an array of counts
UNKNOWN = -1  # number of samples
MOST_RATIO = 20  # of the sides of an array whose shorter side may be time


@dataclass(frozen=True)
class Activity:
    """The array that is taken for the neural data.

    Attributes:
        samples: Number of samples; of a tensor of trials, samples of a trial.
        trials: Number of trials of a tensor; 0 of a continuous recording.
        section: The recipe's section `neural`.
        rivals: Arrays that could be meant as well.
    """

    array: Array
    samples: int
    trials: int
    section: Section
    rivals: tuple[Array, ...] = ()

    @property
    def is_counts(self) -> bool:
        return bool(self.section["kind"].value == "counts")

    @property
    def units(self) -> int:
        """The number of units of a table or a tensor; 0 where nothing tells it."""
        if self.array.item.kind == "cells":
            return layout_of(self.array)[1]
        axes = str(self.section["layout"].value).split("_") if "layout" in self.section else []
        return self.array.item.shape[axes.index("neuron")] if "neuron" in axes else 0


def activity_of(arrays: Sequence[Array], vectors: Mapping[int, Sequence[Array]]) -> Activity | None:
    """The best candidate; None where no array can be neural data.

    Args:
        vectors: Vectors by their number of values: clocks and labels, which tell the samples.
    """
    candidates = [array for array in arrays if not array.companion and could_be(array)]
    ranked = sorted(candidates, key=lambda array: _rank(array, vectors), reverse=True)
    cells = trial_cells([array for array in arrays if not array.companion])
    if cells is not None and not (ranked and is_called(ranked[0].name, CALCIUM | SPIKING)):
        layout, _ = layout_of(cells)
        path = Guess(f"{cells.path}/*", "a matrix for each trial")
        section: Section = {"path": path, "layout": layout} | _kind(cells)
        return Activity(cells, UNKNOWN, cells.length, section, tuple(ranked[:5]))
    if not ranked:
        return None
    chosen, rivals = ranked[0], tuple(ranked[1:6])
    shape = chosen.item.shape
    if len(shape) == 3:
        section, samples, trials = _tensor(chosen, vectors, arrays)
        return Activity(chosen, samples, trials, section, rivals)
    if chosen.item.count > 1:
        return _columns(chosen, arrays, rivals)
    time_first, why, check = sides_of(chosen, vectors)
    layout = Guess("time_neuron" if time_first else "neuron_time", why, check)
    section = {"path": _choice(chosen, rivals), "layout": layout}
    return Activity(
        chosen, shape[0] if time_first else shape[1], 0, section | _kind(chosen), rivals
    )


def could_be(array: Array) -> bool:
    """True for a table that is wide enough, a tensor, and a family of vectors."""
    item, shape = array.item, array.item.shape
    if item.kind != "array" or not item.numeric or is_called(array.name, NO_ACTIVITY):
        return False
    if item.dtype == "bool" or item.dtype.startswith("complex"):
        return False
    if item.count > 1:
        named = is_called(array.name, ACTIVITY | CALCIUM | SPIKING)
        vector = array.is_vector and DIFFERS not in shape and array.length >= FEWEST_SAMPLES
        other = is_called(array.name, LABELS | CLOCK) and not named
        return vector and item.count >= FEWEST_COLUMNS and not other
    if len(shape) == 3:
        return min(shape) >= FEWEST_UNITS and is_called(array.name, ACTIVITY | CALCIUM | SPIKING)
    if len(shape) != 2 or min(shape) < FEWEST_UNITS or max(shape) < FEWEST_SAMPLES:
        return False
    if min(shape) <= NARROW:
        named = is_called(array.name, (ACTIVITY | CALCIUM | SPIKING) - {"x"})
        return named and not is_called(array.name, LABELS | CLOCK)
    return array.values.distinct != 1


def _rank(array: Array, vectors: Mapping[int, Sequence[Array]]) -> tuple[float, ...]:
    """Named like activity, of known preference, beside vectors of its length, large."""
    named = is_called(array.name, CALCIUM | SPIKING | ACTIVITY)
    parts = words(array.name)
    preferred = min((PREFERRED.index(part) for part in parts if part in PREFERRED), default=99)
    size = math.prod(max(side, 1) for side in array.item.shape) * array.item.count
    longest = max(array.item.shape[:2], default=0)
    beside = sum(each is not array for each in vectors.get(longest, ()))
    return (named and beside > 0, named, beside > 0, -preferred, size)


def _tensor(
    array: Array, vectors: Mapping[int, Sequence[Array]], arrays: Sequence[Array]
) -> tuple[Section, int, int]:
    """The axes of trials, of samples and of units, by vectors that have as many values.

    Arrays that share two axes with the tensor tell which axis is that of units.

    Without a clock nothing tells samples from units, so that the guess is doubtful.
    """
    shape = array.item.shape
    clocks = {axis: _vector(vectors, shape[axis], clock=True) for axis in range(3)}
    labels = {axis: _vector(vectors, shape[axis], clock=False) for axis in range(3)}
    time = next((axis for axis in (1, 0, 2) if clocks[axis]), None)
    trial = next((axis for axis in (0, 2, 1) if labels[axis] and axis != time), None)
    sure = time is not None and trial is not None
    units, shared = units_axis(array, arrays)
    if units is not None and units not in (trial, time):
        axes = [axis for axis in range(3) if axis != units]
        axes = axes if units != 0 else axes[::-1]  # MATLAB has trials last
        if trial is None:
            trial = next(axis for axis in axes if axis != time)
        if time is None:
            time = next(axis for axis in axes if axis != trial)
    if trial is None:
        trial = 0 if time != 0 else 2
    if time is None:
        first, second = (axis for axis in range(3) if axis != trial)
        usual = second if trial == 2 else first  # (trials, samples, units), MATLAB the other way
        other = first + second - usual
        time = other if shape[other] >= 2 * shape[usual] else usual
    names = {trial: "trial", time: "time", 3 - trial - time: "neuron"}
    size = " x ".join(str(side) for side in shape)
    why = f"{size}: no clock tells samples from units" if not sure else size
    if witness := labels[trial]:
        why += f"; '{witness.path}' has a value for each trial"
    if shared is not None:
        why += f"; '{shared.path}' has no axis of units"
    layout = Guess("_".join(names[axis] for axis in range(3)), why, check=not sure)
    section = {"path": Guess(array.path), "layout": layout} | _kind(array)
    return section, shape[time], shape[trial]


def _vector(vectors: Mapping[int, Sequence[Array]], length: int, *, clock: bool) -> Array | None:
    """A clock of this length, or a vector that is none."""
    for each in vectors.get(length, ()):
        stamps = each.values.increasing and is_called(each.name, CLOCK)
        if stamps == clock:
            return each
    return None


def _columns(array: Array, arrays: Sequence[Array], rivals: tuple[Array, ...]) -> Activity:
    """A family of vectors, one for each unit."""
    others = [other.path for other in arrays if other is not array]
    path = narrowed(array.path, others)
    why = f"{array.item.count} vectors of {array.length} values that differ by a number"
    section = {"path": Guess(path, why)} | _kind(array)
    return Activity(array, array.length, 0, section, rivals)


def narrowed(pattern: str, others: Sequence[str]) -> str:
    """The pattern of a family, made narrower where it would match another array as well."""
    from fnmatch import fnmatchcase

    if not any(fnmatchcase(other, pattern) for other in others):
        return pattern
    return pattern.replace("*", "[0-9]*")


def _choice(chosen: Array, rivals: Sequence[Array]) -> Guess:
    """The path, doubtful where another array is of its kind, such as that of a second plane."""
    if not rivals:
        return Guess(chosen.path, "the only wide table of numbers")
    sizes = [f"{rival.path} ({' x '.join(map(str, rival.item.shape))})" for rival in rivals]
    alike = any(_is_alike(chosen, rival) for rival in rivals)
    why = "one of several series or planes, the others are left out; " * alike
    return Guess(chosen.path, f"{why}or: {', '.join(sizes)}", check=alike)


def _is_alike(chosen: Array, rival: Array) -> bool:
    """True for arrays whose names differ by a number, and for two series of NWB of activity."""
    paths = [re.sub(r"\d+", "*", array.path) for array in (chosen, rival)]
    series = chosen.item.leaf == rival.item.leaf == "data"
    return paths[0] == paths[1] or (series and is_called(rival.path, CALCIUM | SPIKING))


def _kind(array: Array) -> Section:
    values, name = array.values, array.name
    parts = words(f"{array.item.parent} {array.name}")
    if not values.size:
        kind = Guess("calcium", "no value was looked at: counts, calcium or rate", check=True)
    elif values.whole and (values.low or 0) >= 0 and (values.high or 0) <= MOST_SPIKES:
        kind = Guess("counts", f"whole numbers from {values.low:g} to {values.high:g}")
    elif is_called(name, {"rate", "rates", "firing", "hz"}):
        kind = Guess("rate", "its name")
    elif is_called(name, CALCIUM):
        kind = Guess("calcium", "its name; not small whole numbers")
    elif CALCIUM & set(parts):
        kind = Guess("calcium", "the name of its group; not small whole numbers")
    else:
        kind = Guess("calcium", "not small whole numbers; `rate` if these are firing rates", True)
    section: Section = {"kind": kind}
    if values.missing:
        why = f"{values.missing:.1%} of the values looked at are NaN; or drop_units, zero"
        section["nan"] = Guess("interpolate", why, check=True)
    return section
