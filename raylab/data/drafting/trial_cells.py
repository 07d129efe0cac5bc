"""Activity in cell arrays of MATLAB: a matrix of units and samples for each trial."""

from __future__ import annotations

from collections.abc import Sequence

from raylab.data.drafting.arrays import Array
from raylab.data.drafting.field_names import ACTIVITY, CALCIUM, SPIKING, is_called
from raylab.data.drafting.guess import Guess
from raylab.data.looking.item import DIFFERS


def trial_cells(arrays: Sequence[Array]) -> Array | None:
    """The cells that hold a matrix for each trial, by the name of activity; None without any."""
    for array in arrays:
        named = is_called(array.name, ACTIVITY | CALCIUM | SPIKING)
        if array.item.kind == "cells" and named and array.length > 1 and _units(array)[0]:
            return array
    return None


def layout_of(array: Array) -> tuple[Guess, int]:
    """(the layout, the number of units): the side that all trials share is that of the units."""
    units, units_first, sure = _units(array)
    layout = "trial_neuron_time" if units_first else "trial_time_neuron"
    why = f"{array.length} cells, each a trial, of {units} units"
    if not sure:
        why += "; all cells have one shape, and nothing tells samples from units"
    return Guess(layout, why, check=not sure), units


def _units(array: Array) -> tuple[int, bool, bool]:
    """(the number of units, True where units are rows, sure); 0 units where no side is shared."""
    rows = int(array.item.attributes.get("rows", DIFFERS))
    columns = int(array.item.attributes.get("columns", DIFFERS))
    if rows == columns == DIFFERS:
        return 0, True, False
    if DIFFERS in (rows, columns):
        return max(rows, columns), columns == DIFFERS, True
    return min(rows, columns), rows <= columns, False
