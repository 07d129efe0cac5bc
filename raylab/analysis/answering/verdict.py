"""The answer, concluded from what each fold came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from raylab.analysis.answering.choices import Choice, scored
from raylab.analysis.answering.outcome import outcome_of
from raylab.analysis.answering.outcomes import Circumstances, EntrantFacts, FoldOutcome
from raylab.analysis.answering.overall import Overall, overall
from raylab.analysis.answering.pooling import NO_SPAN
from raylab.analysis.answering.remarks import as_sentence, remarks
from raylab.analysis.answering.results import (
    Answer,
    BestBaseline,
    BestMean,
    Final,
    Minutes,
    Recommended,
    Units,
    Validation,
)
from raylab.analysis.answering.rows import entrant_rows, fold_row
from raylab.analysis.answering.sentence import sentence


def conclude(
    outcomes: Sequence[FoldOutcome],
    entrants: Mapping[str, EntrantFacts],
    circumstances: Circumstances,
) -> Answer:
    """Which entrant decodes the label best, how much better than the best baseline, how sure.

    Args:
        outcomes: Of each fold that has scores, in the order of their numbers; may be empty.
        entrants: What is known of each entrant of the outcomes.
        circumstances: What else the answer states.
    """
    together = overall(outcomes, entrants)
    answer = _without_scores(circumstances)
    if together is not None:
        answer = _with_scores(answer, together, outcomes, entrants)
        if circumstances.final and together.recommended in circumstances.kept:
            answer = replace(answer, final=Final(together.recommended, circumstances.final))
    answer = replace(answer, outcome=outcome_of(answer))
    notes = [*remarks(answer), *map(as_sentence, circumstances.notes)]
    answer = replace(answer, notes=notes)
    return replace(answer, sentence=sentence(answer, circumstances.folder))


def _without_scores(circumstances: Circumstances) -> Answer:
    return Answer(
        label=circumstances.label,
        metric=circumstances.metric,
        recommended=None,
        set=[],
        baseline=None,
        difference=NO_SPAN,
        chance=None,
        folds=0,
        reads_of_test=circumstances.reads_of_test,
        sentence="",
        outcome="nothing",
        best=None,
        above_chance=NO_SPAN,
        chance_pvalue=None,
        validation=Validation(NO_SPAN, NO_SPAN, NO_SPAN, None),
        by_fold=[],
        entrants=[],
        units=Units(circumstances.unit_kind, 0, 0),
        seeds=circumstances.seeds,
        minutes=Minutes(circumstances.budget_minutes, circumstances.used_minutes),
        final=None,
        held_out=circumstances.held_out,
        interrupted=circumstances.interrupted,
        notes=[],
        left_out=[as_sentence(line) for line in circumstances.left_out],
    )


def _with_scores(
    answer: Answer,
    together: Overall,
    outcomes: Sequence[FoldOutcome],
    entrants: Mapping[str, EntrantFacts],
) -> Answer:
    tested = [each for each in outcomes if each.is_tested]
    valid = scored(outcomes, Choice.RECOMMENDED, "valid", answer.metric)
    test = scored(tested, Choice.RECOMMENDED, "test", answer.metric)
    name, best = together.recommended, together.best
    score = test.score
    return replace(
        answer,
        recommended=Recommended(name, entrants[name].family, score.value, score.low, score.high),
        set=list(together.members or ()),
        baseline=_best_baseline(together, tested, answer.metric),
        difference=test.difference,
        chance=test.chance,
        folds=len(outcomes),
        best=BestMean(
            best,
            entrants[best].family,
            scored(tested, Choice.BEST, "test", answer.metric).score.value,
        ),
        above_chance=test.above_chance,
        chance_pvalue=test.chance_pvalue,
        validation=Validation(valid.score, valid.difference, valid.above_chance, valid.chance),
        by_fold=[fold_row(each) for each in outcomes],
        entrants=entrant_rows(together, outcomes, entrants, answer.metric),
        units=replace(answer.units, valid=valid.units, test=test.units),
    )


def _best_baseline(
    together: Overall, tested: Sequence[FoldOutcome], metric: str
) -> BestBaseline | None:
    if together.baseline is None:
        return None
    score = scored(tested, Choice.BASELINE, "test", metric).score.value
    return BestBaseline(together.baseline, score)
