"""What the validation part of one fold chooses: the recommended entrant, the best baseline, and the
entrant of the best mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from raylab.analysis.answering.contestants import Chosen as Chosen
from raylab.analysis.answering.contestants import Contestant, common_held_out
from raylab.analysis.answering.contestants import Part as Part
from raylab.analysis.answering.ensemble import NAME, ensemble_of
from raylab.analysis.answering.further_parts import RotatedTables, on_all_parts
from raylab.analysis.answering.pooling import Pooled
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
        losses: Entrant -> its cross-fitted losses (U,) of the units of the first validation part.
        chosen: Every entrant with its best candidate.
        ensemble: The ensemble of the best few; None of a single entrant.
        parts: How many validation parts the choice rests on.
    """

    recommended: Chosen
    baseline: Chosen | None
    best: Chosen
    members: tuple[str, ...] | None
    losses: dict[str, np.ndarray]
    chosen: dict[str, Chosen]
    ensemble: Chosen | None = None
    parts: int = 1


def choose(
    tables: Mapping[str, Mapping[str, CandidateTable]],
    families: Mapping[str, str],
    rotated: RotatedTables = (),
) -> FoldChoice:
    """Choose among the entrants of one fold by its validation units alone.

    Args:
        tables: Entrant -> trial -> candidates, all on the same held-out examples. An entrant
            without a candidate whose losses are numbers is left out.
        families: Of each entrant.
        rotated: What the best candidates of some entrants predicted on further validation parts,
            fitted without them. Then these entrants are compared on the units of all parts.

    Raises:
        StudyError: No entrant is left, or the examples differ.
    """
    held_out = common_held_out(tables)
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
    of_first = _leading({name: float(each.mean()) for name, each in losses.items()}, families)
    parts = on_all_parts(losses, chosen, rotated, [name for name in of_first if name])
    pooled = {name: Pooled.of([part[name] for part in parts]) for name in parts[0]}
    means = {name: float(each.losses.mean()) for name, each in pooled.items()}
    best, baseline = _leading(means, families)
    claimed = confidence_set(
        {name: each.losses for name, each in pooled.items()}, folds=pooled[best].folds
    )
    recommended = best
    if claimed is not None:
        learnt = {name: each.learnt for name, each in chosen.items()}
        recommended = simplest(
            claimed.members, families, learnt, means, constant=_constant_loss(held_out)
        )
    return FoldChoice(
        recommended=chosen[recommended],
        baseline=chosen[baseline] if baseline else None,
        best=chosen[best],
        members=claimed.members if claimed else None,
        losses=losses,
        chosen=chosen,
        ensemble=ensemble.chosen if ensemble else None,
        parts=len(parts),
    )


def _leading(means: Mapping[str, float], families: Mapping[str, str]) -> tuple[str, str | None]:
    """The entrant and the baseline of the lowest mean loss."""
    ranked = sorted(means, key=lambda name: means[name])
    return ranked[0], next((name for name in ranked if families[name] == "baseline"), None)


def _constant_loss(held_out: HeldOut) -> float:
    """The mean loss of the best constant: 1 of numbers, whose R2 is then 0."""
    if held_out.kind != "discrete":
        return 1.0
    sessions = range(len(held_out.sessions))
    classes = [len(np.unique(held_out.truth[held_out.session == number])) for number in sessions]
    return float(np.mean([1 - 1 / count for count in classes]))
