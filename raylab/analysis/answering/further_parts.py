"""The losses of entrants on further validation parts of a fold, on which they were fitted anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from raylab.analysis.answering.averaged import averaged
from raylab.analysis.answering.contestants import Chosen, common_held_out
from raylab.training.candidates import CandidateTable

# Of each further part: the trial that a fit repeats -> what the fit predicted on that part.
RotatedTables = Sequence[Mapping[str, CandidateTable]]
Losses = dict[str, np.ndarray]


def on_all_parts(
    first: Losses, chosen: Mapping[str, Chosen], rotated: RotatedTables, needed: Sequence[str]
) -> list[Losses]:
    """Entrant -> losses (U_p,) of the units of each part p, for the entrants that all parts have.

    A part without one of the `needed` entrants is left out: a comparison without them would choose
    among the others.

    Args:
        first: On the first part.
        chosen: Every entrant with its best candidate by the first part, of ensembles those of the
            members. No choice was made by the losses on the further parts, so they need no
            cross-fitting.
    """
    parts = [_on_part(chosen, tables) for tables in rotated]
    parts = [part for part in parts if all(name in part for name in needed)]
    shared = [name for name in first if all(name in part for part in parts)]
    return [{name: part[name] for name in shared} for part in (first, *parts)]


def _on_part(chosen: Mapping[str, Chosen], tables: Mapping[str, CandidateTable]) -> Losses:
    """The losses on a further part, of the entrants of which every candidate was fitted."""
    if not tables:
        return {}
    held_out = common_held_out({trial: {trial: table} for trial, table in tables.items()})
    losses = {}
    for name, each in chosen.items():
        if all(part.trial in tables for part in each.parts):
            predicted = averaged([(tables[part.trial], part.weight) for part in each.parts])
            losses[name] = held_out.unit_losses(predicted)
    return {name: each for name, each in losses.items() if np.isfinite(each).all()}
