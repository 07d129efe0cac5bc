"""The leaderboard of several studies (`raylab.rank`)."""

from __future__ import annotations

from typing import TypedDict

from raylab.reporting.score_files.common import Spread


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
