"""The trials of one study, best first."""

from __future__ import annotations

from pathlib import Path

from raylab.paths import AnyPath
from raylab.reporting.tables.leaderboard import Leaderboard, leaderboard_rows
from raylab.reporting.ties import ties_of
from raylab.tracking.study import StudyFolder


def leaderboard(path: AnyPath) -> Leaderboard:
    """Rank the trials of a study, best first.

    A completed trial ranks above every pruned one, whatever their scores, because a pruned trial
    was measured earlier in its training. In a study of several objectives the Pareto front comes
    first, then the first objective decides. `raylab.rank` compares several studies.

    Args:
        path: The study's folder.

    Returns:
        One row per trial of the search. Repetitions over seeds (`raylab.select`) are summarised in
        the row of the trial that they repeat.

    Raises:
        StudyError: The folder is not a study.

    Example:
        >>> board = raylab.leaderboard("study")
        >>> [row.state for row in board]
        ['completed', 'completed']
        >>> board[0].score >= board[1].score
        True
    """
    study = StudyFolder.open(Path(path))
    rows = leaderboard_rows(
        study.records(), *study.modes, metrics=study.metrics, ties=ties_of(study)
    )
    return Leaderboard(tuple(rows))
