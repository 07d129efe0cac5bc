"""The answer of `raylab answer`: the content of `answer.json`."""

from __future__ import annotations

from typing import NotRequired, TypedDict


class Span(TypedDict):
    """A mean with its 95 % interval; None where there is too little to compute it from."""

    value: float | None
    low: float | None
    high: float | None


class Recommended(TypedDict):
    name: str
    family: str
    score: float | None
    low: float | None
    high: float | None


class BestBaseline(TypedDict):
    name: str
    score: float | None


class BestMean(TypedDict):
    name: str
    family: str
    score: float | None


class FoldScore(TypedDict):
    name: str
    valid: float | None
    test: float | None


class FoldRow(TypedDict):
    fold: int
    recommended: FoldScore
    baseline: FoldScore | None
    best: FoldScore
    chance: FoldScore
    members: list[str] | None
    parts: NotRequired[int]  # which answers before rotations do not have


class EntrantRow(TypedDict):
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


class Units(TypedDict):
    kind: str
    valid: int
    test: int


class Validation(TypedDict):
    score: Span
    difference: Span
    above_chance: Span
    chance: float | None


class Minutes(TypedDict):
    budget: float
    used: float


class Final(TypedDict):
    entrant: str
    trial: str


class AnswerFile(TypedDict):
    label: str
    metric: str
    recommended: Recommended | None
    set: list[str]
    baseline: BestBaseline | None
    difference: Span
    chance: float | None
    folds: int
    reads_of_test: int
    sentence: str
    outcome: str
    best: BestMean | None
    above_chance: Span
    chance_pvalue: float | None
    validation: Validation
    by_fold: list[FoldRow]
    entrants: list[EntrantRow]
    units: Units
    seeds: int
    minutes: Minutes
    final: Final | None
    held_out: str | None
    interrupted: bool
    notes: list[str]
    left_out: list[str]
