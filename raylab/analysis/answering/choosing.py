"""What the validation part of one fold chooses: the recommended entrant, the best baseline, and the
entrant of the best mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from raylab.analysis.answering.contestants import Chosen as Chosen
from raylab.analysis.answering.contestants import Contestant
from raylab.analysis.answering.contestants import Part as Part
from raylab.analysis.answering.ensemble import NAME, ensemble_of
from raylab.analysis.answering.simplicity import simplest
from raylab.errors import StudyError
from raylab.evaluation.certainty.confidence_set import confidence_set
from raylab.evaluation.certainty.held_out import HeldOut
from raylab.training.candidates import CandidateTable


@dataclass(frozen=True, eq=False)
class FoldChoice:
    """What one fold chooses.

    Attributes:
        recommended: The simplest member of the set; without a set, the entrant of the best mean.
        baseline: The baseline of the best mean; None where there is no baseline.
        best: The entrant of the best mean.
        members: The model confidence set; None of fewer than 20 units.
        losses: Entrant -> its cross-fitted losses (U,) of the units.
        ensemble: The ensemble of the best few; None of a single entrant.
    """

    recommended: Chosen
    baseline: Chosen | None
    best: Chosen
    members: tuple[str, ...] | None
    losses: dict[str, np.ndarray]
    ensemble: Chosen | None = None


def choose(
    tables: Mapping[str, Mapping[str, CandidateTable]], families: Mapping[str, str]
) -> FoldChoice:
    """Choose among the entrants of one fold by its validation units alone.

    Args:
        tables: Entrant -> trial -> candidates, all on the same held-out examples. An entrant
            without a candidate whose losses are numbers is left out.
        families: Of each entrant.

    Raises:
        StudyError: No entrant is left, or the examples differ.
    """
    held_out = _held_out(tables)
    every = [Contestant(name, own) for name, own in tables.items() if own]
    contestants = [each for each in every if each.is_valid]
    if not contestants:
        raise StudyError(
            "no trial predicted the validation samples", "See the errors of its trials."
        )
    losses = {each.name: each.fit.losses for each in contestants}
    chosen = {each.name: Chosen(each.name, (each.part(),), each.learnt) for each in contestants}
    ensemble = ensemble_of(contestants, held_out)
    if ensemble is not None:
        losses[NAME], chosen[NAME] = ensemble.losses, ensemble.chosen
        families = {**families, NAME: "ensemble"}
    means = {name: float(each.mean()) for name, each in losses.items()}
    best = min(means, key=lambda name: means[name])
    baselines = [name for name in means if families[name] == "baseline"]
    claimed = confidence_set(losses)
    recommended = best
    if claimed is not None:
        learnt = {name: each.learnt for name, each in chosen.items()}
        recommended = simplest(
            claimed.members, families, learnt, means, constant=_constant_loss(held_out)
        )
    return FoldChoice(
        recommended=chosen[recommended],
        baseline=chosen[min(baselines, key=lambda name: means[name])] if baselines else None,
        best=chosen[best],
        members=claimed.members if claimed else None,
        losses=losses,
        ensemble=ensemble.chosen if ensemble else None,
    )


def _held_out(tables: Mapping[str, Mapping[str, CandidateTable]]) -> HeldOut:
    """What all candidates predicted, which must be the same."""
    by_trial = {trial: table for own in tables.values() for trial, table in own.items()}
    if not by_trial:
        raise StudyError("no trial has a result yet", "Give the answer more minutes.")
    first, common = next((trial, table.held_out) for trial, table in by_trial.items())
    for trial, table in by_trial.items():
        same = np.array_equal(common.truth, table.held_out.truth)
        if not same or not np.array_equal(common.unit, table.held_out.unit):
            raise StudyError(
                f"the trials {first} and {trial} predicted different samples",
                "Do not change `evaluation` or `sessions` in the spaces of some entrants.",
            )
    return common


def _constant_loss(held_out: HeldOut) -> float:
    """The mean loss of the best constant: 1 of numbers, whose R2 is then 0."""
    if held_out.kind != "discrete":
        return 1.0
    sessions = range(len(held_out.sessions))
    classes = [len(np.unique(held_out.truth[held_out.session == number])) for number in sessions]
    return float(np.mean([1 - 1 / count for count in classes]))
