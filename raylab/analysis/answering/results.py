"""The answer of `raylab.answer`, as Python sees it and as `--json` and `answer.json` hold it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from raylab.results import Result

# What the data say; `outcome.py` decides.
Outcome = Literal[
    "better",  # than the best baseline, clearly
    "tied",  # with the best baseline
    "baseline",  # a baseline is recommended
    "alone",  # there is no baseline to compare with
    "chance",  # nothing is better than a constant guess
    "contradicted",  # test contradicts validation
    "unread",  # the test parts of some folds were not read
    "nothing",  # was scored
]


@dataclass(frozen=True)
class Recommended(Result):
    """The recommended entrant, and what its recommendation scores on the test parts.

    Attributes:
        name, family: Of the simplest entrant of the set over all folds; without a set, of the best
            mean. It is the entrant that `raylab.load` gives.
        score: The mean over folds of what each fold's own recommendation scores on that fold's test
            part; None where the test part was not read.
        low, high: The 95 % interval of the score; None where there is none.
    """

    name: str
    family: str
    score: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class BestBaseline(Result):
    """The best baseline by validation over all folds; `score` is of each fold's best baseline."""

    name: str
    score: float | None


@dataclass(frozen=True)
class Span(Result):
    """A mean with its 95 % interval; None where there is too little to compute it from."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class BestMean(Result):
    """The entrant of the best mean over all folds' validation units; `score` is of the test parts,
    with the entrant of the best mean chosen anew in each fold.
    """

    name: str
    family: str
    score: float | None


@dataclass(frozen=True)
class FoldScore(Result):
    """An entrant in one fold: its validation score, and its test score where it was read."""

    name: str
    valid: float | None
    test: float | None


@dataclass(frozen=True)
class FoldRow(Result):
    """One fold: what its own validation chose, and what that scores on the fold's test part.

    Attributes:
        fold: Its number, counted from 0.
        recommended, baseline, best: The choices of this fold.
        chance: The best constant prediction, fitted on the training samples.
        members: The model confidence set of this fold; None where the fold has too few units.
        parts: How many validation parts chose; the validation scores are of the first of them.
    """

    fold: int
    recommended: FoldScore
    baseline: FoldScore | None
    best: FoldScore
    chance: FoldScore
    members: Sequence[str] | None
    parts: int = 1


@dataclass(frozen=True)
class EntrantRow(Result):
    """One entrant over all folds, on validation unless the attribute names the test parts.

    Attributes:
        score, low, high: The cross-fitted validation score and its 95 % interval.
        difference: The score less that of the best baseline, paired unit by unit.
        test: The score on the test parts of those folds in which the entrant was read.
        test_difference: The same less the best baseline of those folds.
        test_folds: In how many folds the entrant was read.
        trials: How many configs of it were tried, over all folds.
        in_set: Whether the data cannot tell it from the best; None where no set is claimed.
        pvalue: Of the model confidence set; None where no set is claimed.
        learnt: How many numbers it learns; None where that is not known, and of baselines, which
            store samples.
        seconds: How long its trials worked, over all folds.
    """

    name: str
    family: str
    score: float
    low: float | None
    high: float | None
    difference: Span | None
    test: Span | None
    test_difference: Span | None
    test_folds: int
    trials: int
    in_set: bool | None
    pvalue: float | None
    learnt: int | None
    seconds: float


@dataclass(frozen=True)
class Units(Result):
    """What intervals resample.

    Attributes:
        kind: "block", "presentation", "trial" or "session".
        valid, test: How many there are over all folds.
    """

    kind: str
    valid: int
    test: int


@dataclass(frozen=True)
class Minutes(Result):
    """The budget, and how much of it was used over all attempts."""

    budget: float
    used: float


@dataclass(frozen=True)
class Validation(Result):
    """What validation says of each fold's own recommendation, which test may contradict.

    Attributes:
        score: Its mean validation score over folds.
        difference: It less each fold's best baseline.
        above_chance: It less each fold's constant prediction.
        chance: The score of the constant predictions.
    """

    score: Span
    difference: Span
    above_chance: Span
    chance: float | None


@dataclass(frozen=True)
class Final(Result):
    """The model that `raylab.load` gives: one fit on all samples, which has no test score."""

    entrant: str
    trial: str


@dataclass(frozen=True)
class Answer(Result):
    """Which entrant decodes a label best, how much better than the best baseline, and how sure.

    Scores are of the test parts, by the label's primary metric. Each fold chooses anew from its own
    validation part, so that a score is that of the procedure.

    Attributes:
        label: The label that is decoded.
        metric: The primary metric of the label: "r2" or "balanced_accuracy".
        recommended: The recommended entrant and its score; None where nothing was scored.
        set: The entrants that the data cannot tell from the best, by validation over all folds
            (model confidence set, 90 %); empty where there are fewer than 20 units.
        baseline: The best baseline; None where no baseline was scored.
        difference: The recommended entrant less the best baseline, with its 95 % interval.
        chance: What the best constant prediction scores on the test parts.
        folds: How many folds were scored.
        reads_of_test: How often a test part was read.
        sentence: The answer in words.
        outcome: The answer in a word, by which the report is coloured.
        best: The entrant of the best mean.
        above_chance: The recommended entrant less chance, with its 95 % interval.
        chance_pvalue: How probable such a gain over chance is where there is none.
        validation: What validation says of the same choices.
        by_fold: A row per fold.
        entrants: A row per entrant, the best validation score first.
        units: What the intervals resample.
        seeds: How many seeds of a network are averaged.
        minutes: The budget and the time used.
        final: The model on all samples; None before it is fitted.
        held_out: "session" or "animal" where these are held out whole; None where samples of every
            session train.
        interrupted: Whether the study ended before its last step.
        notes: What a reader should know besides.
        left_out: Which shipped entrants take no part, and why.
        path: The folder of the study, where it is known; it is not written to `answer.json`.
    """

    label: str
    metric: str
    recommended: Recommended | None
    set: Sequence[str]
    baseline: BestBaseline | None
    difference: Span
    chance: float | None
    folds: int
    reads_of_test: int
    sentence: str
    outcome: Outcome
    best: BestMean | None
    above_chance: Span
    chance_pvalue: float | None
    validation: Validation
    by_fold: Sequence[FoldRow]
    entrants: Sequence[EntrantRow]
    units: Units
    seeds: int
    minutes: Minutes
    final: Final | None
    held_out: str | None
    interrupted: bool
    notes: Sequence[str]
    left_out: Sequence[str]
    path: Path | None = field(default=None, compare=False, metadata={"hidden": True})
