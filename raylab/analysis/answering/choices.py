"""What the choices of all folds score together: each fold's own recommendation, best baseline and
entrant of the best mean, on validation or on test.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Literal

import numpy as np

from raylab.analysis.answering.outcomes import FoldOutcome
from raylab.analysis.answering.pooling import NO_SPAN, Pooled
from raylab.analysis.answering.results import Span

Part = Literal["valid", "test"]


class Choice(Enum):
    """Which choice of a fold."""

    RECOMMENDED = "recommended"
    BASELINE = "baseline"
    BEST = "best"


@dataclass(frozen=True)
class ChoiceScore:
    """The mean over folds of the score of the folds' choices.

    Attributes:
        score: With its interval.
        difference: It less the folds' best baselines.
        above_chance: It less the folds' constant predictions.
        chance: The score of the constant predictions.
        chance_pvalue: How probable such a gain over chance is where there is none.
        units: Over which the intervals are.
    """

    score: Span
    difference: Span
    above_chance: Span
    chance: float | None
    chance_pvalue: float | None
    units: int


NOTHING = ChoiceScore(NO_SPAN, NO_SPAN, NO_SPAN, None, None, 0)


def scored(outcomes: Sequence[FoldOutcome], choice: Choice, part: Part, metric: str) -> ChoiceScore:
    """What one choice of every fold scores on one part of the fold."""
    own = _losses(outcomes, choice, part)
    if own is None:
        return NOTHING
    baseline = _losses(outcomes, Choice.BASELINE, part)
    chance = Pooled.of([chance_of(each, part) for each in outcomes])
    return ChoiceScore(
        score=own.score(metric),
        difference=own.above(baseline, metric) if baseline else NO_SPAN,
        above_chance=own.above(chance, metric),
        chance=chance.score(metric).value,
        chance_pvalue=own.chance_pvalue(chance),
        units=len(own.losses),
    )


def losses_of(outcome: FoldOutcome, part: Part) -> Mapping[str, np.ndarray]:
    """Entrant -> losses of the units of one part."""
    return outcome.valid if part == "valid" else outcome.test


def chance_of(outcome: FoldOutcome, part: Part) -> np.ndarray:
    """The losses of the constant prediction on one part, which must have been read."""
    chance = outcome.valid_chance if part == "valid" else outcome.test_chance
    assert chance is not None
    return chance


def _losses(outcomes: Sequence[FoldOutcome], choice: Choice, part: Part) -> Pooled | None:
    """None where some fold has no such choice or no losses of it."""
    folds = []
    for outcome in outcomes:
        losses = losses_of(outcome, part).get(getattr(outcome, choice.value) or "")
        if losses is None:
            return None
        folds.append(losses)
    return Pooled.of(folds) if folds else None
