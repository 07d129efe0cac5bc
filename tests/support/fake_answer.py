"""Answers of made-up losses, with which the sentence, the tables and the report are tested."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from raylab.analysis.answering.outcomes import Circumstances, EntrantFacts, FoldOutcome
from raylab.analysis.answering.results import Answer
from raylab.analysis.answering.verdict import conclude

FAMILIES = {
    "raw": "baseline",
    "smoothed": "baseline",
    "pca": "baseline",
    "ridge": "readout",
    "gru": "network",
    "ensemble": "ensemble",
}
SCORES = {"raw": 0.55, "smoothed": 0.7, "ridge": 0.65, "gru": 0.8}
CHANCE = -0.01


def losses(score: float, units: int, seed: int, noise: float) -> np.ndarray:
    """(units,) losses whose mean is 1 - score; what all entrants find hard is the same."""
    shared = np.random.default_rng(seed).normal(size=units)
    own = np.random.default_rng([seed, round(1e6 * abs(score))]).normal(size=units)
    varied = 0.05 * shared + noise * own
    return 1 - score + varied - varied.mean()


def fold_outcome(
    fold: int,
    valid: Mapping[str, float],
    test: Mapping[str, float] | None = None,
    *,
    recommended: str,
    units: int = 20,
    test_chance: float = CHANCE,
    noise: float = 0.02,
) -> FoldOutcome:
    """A fold in which the entrants have these scores.

    Args:
        test: The same on the test part; None: unread.
        noise: The standard deviation of what is an entrant's own, unit by unit.
    """
    baselines = [name for name in valid if FAMILIES[name] == "baseline"]
    best = max(valid, key=lambda name: valid[name])
    baseline = max(baselines, key=lambda name: valid[name]) if baselines else None
    read = {recommended, best, *([baseline] if baseline else [])}
    seeds = (2 * fold, 2 * fold + 1)
    return FoldOutcome(
        fold=fold,
        valid={name: losses(score, units, seeds[0], noise) for name, score in valid.items()},
        valid_chance=losses(CHANCE, units, seeds[0], 0),
        members=(recommended,) if units >= 20 else None,
        recommended=recommended,
        baseline=baseline,
        best=best,
        test={
            name: losses(score, units, seeds[1], noise)
            for name, score in (test or {}).items()
            if name in read
        },
        test_chance=losses(test_chance, units, seeds[1], 0) if test else None,
    )


def fake_answer(
    valid: Mapping[str, float] | None = None,
    test: Mapping[str, float] | Sequence[Mapping[str, float] | None] | None = None,
    *,
    recommended: str | Sequence[str] = "gru",
    folds: int = 5,
    units: int = 20,
    noise: float = 0.02,
    test_chance: float = CHANCE,
    **circumstances: Any,
) -> Answer:
    """An answer from scores by entrant, the same in all folds unless a sequence is given.

    Args:
        test: Default: as on validation.
        recommended: What each fold recommends.
    """
    valid = SCORES if valid is None else valid
    test = valid if test is None else test
    tests = [test] * folds if isinstance(test, Mapping) else list(test)
    chosen = [recommended] * folds if isinstance(recommended, str) else list(recommended)
    outcomes = [
        fold_outcome(
            fold,
            valid,
            tests[fold],
            recommended=chosen[fold],
            units=units,
            noise=noise,
            test_chance=test_chance,
        )
        for fold in range(folds)
    ]
    entrants = {
        name: EntrantFacts(FAMILIES[name], trials=4 * folds, learnt=100 * place, seconds=30.0)
        for place, name in enumerate(valid)
    }
    facts: dict[str, Any] = {
        "label": "position",
        "metric": "r2",
        "unit_kind": "block",
        "reads_of_test": sum(each is not None for each in tests),
        "budget_minutes": 20.0,
        "used_minutes": 19.2,
        "folder": "answer",
    }
    return conclude(outcomes, entrants, Circumstances(**(facts | circumstances)))
