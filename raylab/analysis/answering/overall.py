"""The set, the recommendation and the best baseline over the validation units of all folds.

It names the one model that is fitted on all samples. The score of the answer does not depend on it:
validation units of one fold are test units of another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from raylab.analysis.answering.outcomes import EntrantFacts, FoldOutcome
from raylab.analysis.answering.pooling import Pooled
from raylab.analysis.answering.simplicity import simplest
from raylab.evaluation.certainty.confidence_set import confidence_set


@dataclass(frozen=True, eq=False)
class Overall:
    """What the validation units of all folds together say.

    Attributes:
        losses: Entrant -> its losses of the units of all folds; only entrants that every fold has.
        chance: The losses of the constant predictions.
        members: The model confidence set; None of fewer than 20 units.
        pvalues: Entrant -> p-value of the set; empty where there is none.
        recommended: The simplest member; without a set, the entrant of the best mean.
        best: The entrant of the best mean.
        baseline: The baseline of the best mean; None where no baseline is there.
    """

    losses: Mapping[str, Pooled]
    chance: Pooled
    members: tuple[str, ...] | None
    pvalues: Mapping[str, float]
    recommended: str
    best: str
    baseline: str | None


def overall(
    outcomes: Sequence[FoldOutcome], entrants: Mapping[str, EntrantFacts]
) -> Overall | None:
    """Put the folds together; None where no entrant was scored in every fold.

    Args:
        outcomes: At least one fold that has scores.
        entrants: What is known of each entrant.
    """
    first = outcomes[0].valid if outcomes else {}
    shared = [name for name in first if all(name in each.valid for each in outcomes)]
    if not shared:
        return None
    losses = {name: Pooled.of([each.valid[name] for each in outcomes]) for name in shared}
    means = {name: float(each.losses.mean()) for name, each in losses.items()}
    folds = next(iter(losses.values())).folds
    claimed = confidence_set({name: each.losses for name, each in losses.items()}, folds=folds)
    chance = Pooled.of([each.valid_chance for each in outcomes])
    members = claimed.members if claimed else None
    best = min(shared, key=lambda name: means[name])
    baselines = [name for name in shared if entrants[name].family == "baseline"]
    return Overall(
        losses=losses,
        chance=chance,
        members=members,
        pvalues=claimed.pvalues if claimed else {},
        recommended=simplest(
            members,
            {name: entrants[name].family for name in shared},
            {name: entrants[name].learnt or 0 for name in shared},
            means,
            constant=float(chance.losses.mean()),
        )
        if members
        else best,
        best=best,
        baseline=min(baselines, key=lambda name: means[name]) if baselines else None,
    )
