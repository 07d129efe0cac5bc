"""The rows of an answer: one per fold, and one per entrant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from raylab.analysis.answering.outcomes import EntrantFacts, FoldOutcome
from raylab.analysis.answering.overall import Overall
from raylab.analysis.answering.pooling import Pooled
from raylab.analysis.answering.results import EntrantRow, FoldRow, FoldScore, Span


def fold_row(outcome: FoldOutcome) -> FoldRow:
    """What one fold chose, and what that scores."""
    return FoldRow(
        fold=outcome.fold,
        recommended=_fold_score(outcome, outcome.recommended),
        baseline=_fold_score(outcome, outcome.baseline) if outcome.baseline else None,
        best=_fold_score(outcome, outcome.best),
        chance=FoldScore("chance", _score(outcome.valid_chance), _score(outcome.test_chance)),
        members=None if outcome.members is None else list(outcome.members),
        parts=outcome.parts,
    )


def entrant_rows(
    together: Overall,
    outcomes: Sequence[FoldOutcome],
    entrants: Mapping[str, EntrantFacts],
    metric: str,
) -> list[EntrantRow]:
    """A row per entrant that every fold has, the best validation score first."""
    rows = [
        _entrant_row(name, together, outcomes, entrants[name], metric) for name in together.losses
    ]
    return sorted(rows, key=lambda row: -row.score)


def _entrant_row(
    name: str,
    together: Overall,
    outcomes: Sequence[FoldOutcome],
    facts: EntrantFacts,
    metric: str,
) -> EntrantRow:
    losses, baseline = together.losses[name], together.losses.get(together.baseline or "")
    valid = losses.score(metric)
    test, test_difference, folds = _on_test(name, outcomes, metric)
    return EntrantRow(
        name=name,
        family=facts.family,
        score=float(1 - losses.losses.mean()),
        low=valid.low,
        high=valid.high,
        difference=losses.above(baseline, metric) if baseline else None,
        test=test,
        test_difference=test_difference,
        test_folds=folds,
        trials=facts.trials,
        in_set=None if together.members is None else name in together.members,
        pvalue=together.pvalues.get(name),
        learnt=None if facts.family == "baseline" else facts.learnt,
        seconds=round(facts.seconds, 1),
    )


def _on_test(
    name: str, outcomes: Sequence[FoldOutcome], metric: str
) -> tuple[Span | None, Span | None, int]:
    """The score and the difference to the best baseline in the folds whose test part was read with
    the entrant, and how many these are.
    """
    read = [each for each in outcomes if name in each.test]
    if not read:
        return None, None, 0
    own = Pooled.of([each.test[name] for each in read])
    if any(each.baseline is None or each.baseline not in each.test for each in read):
        return own.score(metric), None, len(read)
    baseline = Pooled.of([each.test[each.baseline or ""] for each in read])
    return own.score(metric), own.above(baseline, metric), len(read)


def _fold_score(outcome: FoldOutcome, name: str) -> FoldScore:
    return FoldScore(name, _score(outcome.valid.get(name)), _score(outcome.test.get(name)))


def _score(losses: np.ndarray | None) -> float | None:
    return None if losses is None else float(1 - losses.mean())
