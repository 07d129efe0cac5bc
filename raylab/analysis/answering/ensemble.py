"""The ensemble of the best few entrants: which and how many is chosen on validation alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from raylab.analysis.answering.contestants import Chosen, Contestant
from raylab.evaluation.certainty.cross_fit import left_out
from raylab.evaluation.certainty.held_out import HeldOut
from raylab.evaluation.ensembles.averaging import average

NAME = "ensemble"
MEMBERS = range(2, 6)  # how many there may be


@dataclass(frozen=True, eq=False)
class Ensemble:
    """An ensemble.

    Attributes:
        chosen: Its members, which all count the same.
        losses: (U,) cross-fitted losses of the units.
    """

    chosen: Chosen
    losses: np.ndarray


def ensemble_of(contestants: Sequence[Contestant], held_out: HeldOut) -> Ensemble | None:
    """The ensemble of the entrants of one fold; None of a single entrant.

    It predicts the mean of its members, of classes the mean of their probabilities where all
    members have them, else by vote: as its refits are scored, and as users get it (`average`). Its
    loss of a unit is that of an ensemble whose members, their candidates and number were chosen on
    the groups of units without this one. It also loses, on average, what its members lose because
    their candidates cannot be told apart: their own losses contain that, and the two are compared.
    """
    if len(contestants) < MEMBERS[0] or held_out.count < 2:
        return None
    losses = np.empty(held_out.count)
    for held in left_out(held_out.count):
        others = np.setdiff1d(np.arange(held_out.count), held)
        candidates = [int(each.fit.chosen[held[0]]) for each in contestants]
        among, each_unit = _best(contestants, candidates, held_out, others)
        lost = np.mean([each.doubt[held] for each in among], axis=0)
        losses[held] = each_unit[held] + lost
    members, _ = _best(
        contestants,
        [each.fit.best for each in contestants],
        held_out,
        np.arange(held_out.count),
    )
    parts = tuple(each.part(1 / len(members)) for each in members)
    return Ensemble(Chosen(NAME, parts, sum(each.learnt for each in members)), losses)


def _best(
    contestants: Sequence[Contestant],
    candidates: Sequence[int],
    held_out: HeldOut,
    units: np.ndarray,
) -> tuple[list[Contestant], np.ndarray]:
    """The best ensemble by some units, and its losses (U,) of all units.

    Args:
        candidates: Of each entrant: the candidate that predicts.
    """
    means = [float(each.fit.losses[units].mean()) for each in contestants]
    order = np.argsort(means, kind="stable")[: MEMBERS[-1]]
    predictions = [contestants[at].predicted(candidates[at]) for at in order]
    tried = []
    for size in MEMBERS[: len(order) - 1]:
        values, probabilities = zip(*predictions[:size])
        mean = average(
            held_out.kind, values, probabilities=probabilities, classes=len(held_out.classes)
        )
        tried.append(held_out.unit_losses(mean.values))
    best = int(np.argmin([losses[units].mean() for losses in tried]))
    return [contestants[at] for at in order[: MEMBERS[best]]], tried[best]
