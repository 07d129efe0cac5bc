"""Spike times: cells of MATLAB, a table of units, or a vector of times beside one of units."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from raylab.data.drafting.arrays import Array
from raylab.data.drafting.chosen_units import undecided, units_of_spikes
from raylab.data.drafting.field_names import GROUPS, RATE, is_called, unit_in, words
from raylab.data.drafting.guess import Guess, Section
from raylab.data.looking.item import FileContents
from raylab.data.recipe_sections.types import SECONDS

BIN_S = 0.05
BIN_REASON = "spikes are counted in bins of this width; views may make them wider"
SPIKES = {"spike", "spikes", "spiketimes"}
TIMES = {"time", "times", "spiketimes", "ts"}
IDENTITIES = {"cluster", "clusters", "unit", "units", "neuron", "neurons", "cell", "cells", "id"}
FEWEST = 100  # spikes of vectors whose names do not say spikes
SLOWEST_CLOCK = 1000.0  # Hz of a clock that spike times count
USUAL_CLOCK = 30_000.0


@dataclass(frozen=True)
class Spikes:
    """The section `spikes`.

    Attributes:
        arrays: The arrays that it names.
        trials: Number of trials, where every spike has the number of its trial; else 0.
    """

    section: Section
    arrays: tuple[Array, ...]
    trials: int = 0


def spikes_of(arrays: Sequence[Array]) -> Spikes | None:
    """The spike times of a file; None where it has none."""
    own = [array for array in arrays if not array.companion]
    for times in own:
        if _are_spike_cells(times):
            why = f"{times.length} cells of spike times, one for each unit"
            units = Guess(f"{times.path}/unit", "the cell of every spike")
            return Spikes(_section(times, units, why, own), (times,))
    for times in own:
        units_of = _units(times, own)
        if units_of is not None:
            units = Guess(units_of.path, "the unit of every spike")
            section = _section(times, units, f"{times.length} spike times", own)
            return _with_trials(section, times, units_of, own)
    return None


def _are_spike_cells(cells: Array) -> bool:
    """True for cells of vectors, by the name of spikes, or of times in a structure of units."""
    leaf, parent = cells.item.leaf, cells.item.parent
    if cells.item.kind != "cells" or {"rows", "lone"} & set(cells.item.attributes):
        return False
    if is_called(leaf, SPIKES):
        return True
    timed = is_called(leaf, TIMES) and is_called(parent, SPIKES | IDENTITIES)
    return timed or (is_called(parent, SPIKES) and not is_called(leaf, IDENTITIES))


def keep_of(spikes: Spikes, file: FileContents) -> Section:
    """The units that people chose; where their column does not tell, a doubt about all units."""
    place = spikes.arrays[0].item.parent
    chosen = units_of_spikes(file.items, place)
    doubt = undecided(file.items, place)
    if chosen or not doubt:
        return chosen
    units = spikes.section["units"]
    return {"units": Guess(units.value, f"{units.why}; {doubt}", check=True)}


def _units(times: Array, arrays: Sequence[Array]) -> Array | None:
    """The vector that says which unit every spike is of; None where `times` are no spike times."""
    named = is_called(times.path, SPIKES)
    timed = words(times.item.leaf) == ("spikes",) or is_called(times.item.leaf, TIMES)
    if not (times.is_vector and timed and times.item.numeric):
        return None
    for array in arrays:
        values = array.values
        repeated = values.size == 1 or values.distinct <= values.size / 2
        if array is times or array.length != times.length or not values.whole or not repeated:
            continue
        identities = set(words(array.item.leaf)) & IDENTITIES
        if identities and (named or times.length >= FEWEST):
            return array
    return None


def _with_trials(section: Section, times: Array, units: Array, arrays: Sequence[Array]) -> Spikes:
    """Add the trial of every spike, from whose start its time counts."""
    trials = next(
        (
            array
            for array in arrays
            if array.length == times.length and is_called(array.item.leaf, GROUPS)
            and array.values.whole and array.values.distinct > 1
        ),
        None,
    )  # fmt: skip
    if trials is None or units.values.size == 1:
        return Spikes(section, (times, units))
    first, last = int(trials.values.low or 0), int(trials.values.high or 0)
    tick = section["tick_s"].value if "tick_s" in section else 1.0
    bins = math.floor((times.values.high or 0.0) * tick / BIN_S) + 1
    stop = round(bins * BIN_S / tick, 6)
    more: Section = {
        "trials": Guess(trials.path, "the trial of every spike"),
        "first_trial": Guess(first, "the lowest number of a trial"),
        "window": Guess([0.0, stop], "to the last spike looked at", check=True),
    }
    return Spikes(section | more, (times, units, trials), last - first + 1)


def _section(times: Array, units: Guess, why: str, arrays: Sequence[Array]) -> Section:
    section: Section = {"times": Guess(times.path, why), "units": units}
    return section | _tick(times, arrays) | {"bin_s": Guess(BIN_S, BIN_REASON, check=True)}


def _tick(times: Array, arrays: Sequence[Array]) -> Section:
    """What one unit of the spike times is; nothing where it is a second."""
    unit, _ = unit_in(times.item.leaf)
    stated = {"seconds": "s", "milliseconds": "ms"}.get(times.item.unit, times.item.unit) or unit
    if stated in SECONDS:
        return {} if stated == "s" else {"tick_s": Guess(SECONDS[stated], f"times in {stated}")}
    values = times.values
    if not values.whole or (values.high or 0) <= SLOWEST_CLOCK:
        return {}
    for array in arrays:
        rate = array.values.high or 0.0
        if array.values.size == 1 and is_called(array.item.leaf, RATE) and rate >= SLOWEST_CLOCK:
            why = f"whole numbers, samples at the {rate:g} Hz of '{array.path}'"
            return {"tick_s": Guess(1 / rate, why)}
    why = "whole numbers, taken for samples at 30 kHz; nothing in the file states their rate"
    return {"tick_s": Guess(1 / USUAL_CLOCK, why, check=True)}
