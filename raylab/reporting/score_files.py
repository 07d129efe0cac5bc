"""What the JSON files in a study's folder `scores` hold, which is what their verbs return as
`to_dict()`: one type per kind of score.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from raylab.tracking.records import Mode

# A score as it is read from JSON, before its kind is known.
ScoreJson = Mapping[str, Any]
Scores = dict[str, dict[str, float | None]]  # label -> metric -> value


class Spread(TypedDict):
    """A mean over seeds; `interval` is its 95 % interval, None for a single seed."""

    mean: float
    interval: list[float] | None
    values: list[float]


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


class SelectionCandidate(TypedDict):
    trial: str
    search: float
    scores: list[float | None]
    mean: float | None
    interval: list[float] | None
    ranks: list[float | None]
    first: int
    learnt: int
    failed: int


class Stability(TypedDict):
    seeds: int
    kendall_w: float | None
    spearman: float | None


class Difference(TypedDict):
    first: str
    second: str
    mean: float | None
    interval: list[float] | None


class Control(TypedDict):
    shuffles: int
    shuffled: list[str]
    scores: dict[str, ShuffledLabel]


class SelectionScore(TypedDict):
    metric: str
    mode: Mode
    rule: Literal["best", "simplest"]
    of: str
    trial: str
    values: list[int]
    candidates: list[SelectionCandidate]
    stability: Stability
    difference: Difference | None
    control: Control | None
    selections: int
    notes: list[str]


class FittedCurve(TypedDict):
    sizes: list[float]
    errors: list[float]
    low: list[float] | None
    high: list[float] | None


class Law(TypedDict, total=False):
    """error = a n^-b + c; only `refused`, the reason, where no law was fitted."""

    refused: str
    a: float
    b: float
    c: float
    intervals: dict[str, list[float]] | None
    curve: FittedCurve


class ScalingPoint(TypedDict):
    workers: int
    width: int | str | None
    fraction: float
    samples: int
    learnt: int
    completed: int
    failed: int
    score: Spread | None
    error: Spread | None
    steps_per_s: Spread | None
    samples_per_s: Spread | None
    speed_up: Spread | None
    efficiency: Spread | None


class Laws(TypedDict):
    data: dict[str, Law]  # by width
    width: Law | None


class ScalingScore(TypedDict):
    seeds: int
    error: str
    width_path: str | None
    points: list[ScalingPoint]
    laws: Laws


class SeedsOfChampion(Spread):
    metric: str
    count: int


class RankingRow(TypedDict):
    rank: int | None
    use: bool
    name: str
    family: str
    trial: str | None
    score: float
    interval: list[float] | None
    valid: float | None
    sessions: int | None
    readout: str | None
    fitted: list[str] | None
    seconds: float | None
    steps_per_s: float | None
    seeds: SeedsOfChampion | None
    scores: dict[str, float]
    intervals: dict[str, list[float]]


class Ranking(TypedDict):
    """The leaderboard of several studies (`raylab.rank`)."""

    split: str
    label: str
    metric: str
    unit: str
    per: str
    data: str
    sessions: list[str]
    rows: list[RankingRow]
    test_reads: dict[str, int]
