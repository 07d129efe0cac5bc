"""The sentences of answers that nobody should build on: no better than chance, or contradicted."""

from __future__ import annotations

from collections.abc import Mapping

from raylab.analysis.answering import wording
from raylab.analysis.answering.outcome import is_lost
from raylab.analysis.answering.phrases import (
    choices,
    chosen_entrant,
    decodes,
    it,
    over_units,
    where,
)
from raylab.analysis.answering.results import Answer
from raylab.analysis.answering.wording import gap, number, plainly

ALIKE = 0.05  # folds whose scores differ by less show no drift


def no_better_than_chance(answer: Answer) -> str:
    """With what to look at first."""
    assert answer.recommended is not None
    subject = it(answer) if len(choices(answer)) > 1 else answer.recommended.name
    return (
        f"No entrant beats chance: {subject}, which validation recommends, has "
        f"{wording.metric(answer)} {number(answer.recommended.score)} {where(answer)}, and a "
        f"constant guess has {number(answer.chance)} (difference {plainly(answer.above_chance)}"
        f"{over_units(answer, 'test', ' over ')}). {_first_look(answer)}"
    )


def _first_look(answer: Answer) -> str:
    """What to look at where nothing beats chance."""
    if answer.held_out:
        return (
            f"A model meets other units in a held-out {answer.held_out}. Ask within sessions first "
            "(--set splits.kind=blocked): that shows whether the activity holds this label at all."
        )
    return (
        "Check that the label and the activity share one clock; if they do, only more data can "
        "show that the activity holds this label."
    )


def contradicted(answer: Answer) -> str:
    """Why it is not to be trusted, with the numbers of validation and test."""
    return _lost(answer) if is_lost(answer) else _reversed(answer)


def _lost(answer: Answer) -> str:
    scores = {row.fold: row.recommended.test for row in answer.by_fold}
    return (
        f"Do not trust it: {chosen_entrant(answer)} has {wording.metric(answer)} "
        f"{number(answer.validation.score.value)} on validation, but {it(answer)} "
        f"{decodes(answer)}. "
        f"{_by_fold(scores, 'The test scores')}"
    )


def _reversed(answer: Answer) -> str:
    assert answer.baseline is not None
    assert answer.recommended is not None
    differences = {
        row.fold: row.recommended.test - row.baseline.test
        for row in answer.by_fold
        if row.baseline and row.recommended.test is not None and row.baseline.test is not None
    }
    return (
        f"Do not trust it: on validation, {chosen_entrant(answer)} is "
        f"{number(answer.validation.difference.value)} above the best baseline, "
        f"{answer.baseline.name}, but {where(answer)} it is {gap(answer.difference)} it "
        f"({wording.metric(answer)} {number(answer.recommended.score)} and "
        f"{number(answer.baseline.score)}, chance {number(answer.chance)}"
        f"{over_units(answer, 'test', '; intervals over ')}): use the baseline. "
        f"{_by_fold(differences, 'The differences on test')}"
    )


def _by_fold(values: Mapping[int, float | None], name: str) -> str:
    """How far the folds are apart; of one fold, that nobody can know."""
    known = {fold: value for fold, value in values.items() if value is not None}
    if len(known) < 2:
        return "One fold cannot show whether the recording drifts: more folds (--folds 5) can."
    low, high = min(known, key=lambda fold: known[fold]), max(known, key=lambda fold: known[fold])
    if known[high] - known[low] < ALIKE:
        return f"{name} are alike in all folds ({number(known[low])} to {number(known[high])})."
    return (
        f"{name} go from {number(known[low])} (fold {low}) to {number(known[high])} (fold {high}): "
        "where folds differ, the recording drifts or the behaviour changes, and the report shows "
        "each fold."
    )
