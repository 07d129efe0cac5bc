"""Spike times: cells of MATLAB, a table of units, or a vector of times beside one of units."""

from __future__ import annotations

from collections.abc import Sequence

from raylab.data.drafting.arrays import Array
from raylab.data.drafting.field_names import is_called, unit_in, words
from raylab.data.drafting.guess import Guess, Section
from raylab.data.recipe_sections import SECONDS

BIN_S = 0.05
IDENTITIES = {
    "cluster",
    "clusters",
    "unit",
    "units",
    "neuron",
    "neurons",
    "cell",
    "cells",
    "id",
    "ids",
}
TIMES = {"time", "times", "spiketimes", "ts"}


def spikes_of(arrays: Sequence[Array], rate: Guess | None = None) -> Section | None:
    """The section `spikes`; None where the file has no spike times.

    Args:
        rate: The sampling rate of spike times that count samples, where the file states it.
    """
    for times in arrays:
        if times.companion or not is_called(
            f"{times.item.parent} {times.name}", {"spike", "spikes", "spiketimes"}
        ):
            continue
        if times.item.kind == "cells":
            why = f"{times.length} cells of spike times, one for each unit"
            return _section(
                times, Guess(f"{times.path}/unit", "the cell of every spike"), why, rate
            )
        units = _units(times, arrays)
        if units is not None and times.is_vector:
            why = f"{times.length} spike times"
            return _section(times, Guess(units.path, "the unit of every spike"), why, rate)
    return None


def _units(times: Array, arrays: Sequence[Array]) -> Array | None:
    """The vector that says which unit every spike is of."""
    if words(times.item.leaf) != ("spikes",) and not is_called(times.item.leaf, TIMES):
        return None
    beside = [
        array
        for array in arrays
        if array is not times and array.length == times.length and array.values.whole
        and (array.values.size == 1 or array.values.distinct <= array.values.size / 2)
        and set(words(array.item.leaf)) & IDENTITIES
    ]  # fmt: skip
    return beside[0] if beside else None


def _section(times: Array, units: Guess, why: str, rate: Guess | None) -> Section:
    section: Section = {"times": Guess(times.path, why), "units": units}
    section |= _tick(times, rate)
    reason = "spikes are counted in bins of this width; views may make them wider"
    return section | {"bin_s": Guess(BIN_S, reason, check=True)}


def _tick(times: Array, rate: Guess | None) -> Section:
    """What one unit of the spike times is."""
    unit, _ = unit_in(times.item.leaf)
    stated = {"seconds": "s", "milliseconds": "ms"}.get(times.item.unit, times.item.unit) or unit
    if stated in SECONDS:
        return {} if stated == "s" else {"tick_s": Guess(SECONDS[stated], f"in {stated}")}
    values = times.values
    counts = (
        values.whole and (values.high or 0) > 1000 and times.item.dtype.startswith(("int", "uint"))
    )
    if not counts:
        return {}
    if rate is not None:
        return {"rate_hz": rate}
    why = "whole numbers, taken for samples at 30 kHz; nothing in the file states their rate"
    return {"tick_s": Guess(1 / 30_000, why, check=True)}
