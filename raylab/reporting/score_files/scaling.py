"""A scaling study (`raylab scale`)."""

from __future__ import annotations

from typing import TypedDict

from raylab.reporting.score_files.common import Spread


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
