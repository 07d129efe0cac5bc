"""leaderboard: to be described."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from raylab.reporting.tables.leaderboard import Leaderboard, leaderboard_rows
from raylab.tracking.study import StudyFolder


def leaderboard(path: str | Path) -> list[dict[str, Any]]:
    """One row a trial, best first: {"trial", "state", "score", "steps", "params", "metrics",
    "note"}.

    Of several objectives, the Pareto front first, with {"front", "scores"} as
    `reporting.leaderboard.rows` gives them.
    """
    study = StudyFolder.open(Path(path))
    ranked = leaderboard_rows(study.records(), *study.modes, metrics=study.metrics)
    return Leaderboard(tuple(ranked)).to_dict()
