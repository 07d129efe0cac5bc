"""A selection over seeds (`raylab select`)."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from raylab.reporting.score_files.embeddings import ShuffledLabel
from raylab.tracking.records import Mode


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
    over: NotRequired[str]


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
