"""Scores that compare embeddings."""

from __future__ import annotations

from typing import TypedDict

from raylab.reporting.score_files.common import Scores, Spread


class ConsistencyScore(TypedDict):
    label: str | None
    between: str
    split: str
    samples: int
    names: list[str]
    matrix: list[list[float | None]]
    mean: float
    least: float
    most: float
    chance: float
    trials: list[str]
    notes: list[str]


class SessionTopology(TypedDict):
    betti: list[int]
    thresholds: list[float]
    diagrams: list[list[list[float]]]
    landmarks: int


class TopologyScore(TypedDict):
    trial: str
    split: str
    shuffles: int
    sessions: dict[str, SessionTopology]


class ComparedMethod(TypedDict):
    transductive: bool
    dimensions: int
    scores: Scores


class ComparisonScore(TypedDict):
    split: str
    samples: int
    methods: dict[str, ComparedMethod]


class ShuffledLabel(TypedDict):
    metric: str
    true: float
    mean: float
    shuffled: list[float]
    gap: float
    p: float


class ShufflesScore(TypedDict):
    trial: str
    split: str
    shuffles: int
    shuffled: list[str]
    scores: dict[str, ShuffledLabel]


class Alternative(TypedDict):
    learnt: int
    completed: int
    failed: int
    metrics: dict[str, Spread]


class AlternativesScore(TypedDict):
    over: str
    seeds: int
    steps: int
    alternatives: dict[str, Alternative]


class Mistake(TypedDict):
    true: str
    predicted: str
    fraction: float


class ConfusionScore(TypedDict):
    label: str
    split: str
    trial: str
    sessions: int
    classes: int
    samples: int
    mistakes: list[Mistake]
