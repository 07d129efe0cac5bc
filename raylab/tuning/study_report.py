"""The leaderboard and the report of one study, written when a driver ends."""

from __future__ import annotations

from pathlib import Path

from raylab.paths import AnyPath
from raylab.reporting.importance import importance
from raylab.reporting.tables.leaderboard import leaderboard_rows
from raylab.reporting.tables.leaderboard_csv import write_csv
from raylab.reporting.ties import ties_of
from raylab.tracking.study import StudyFolder


def report(path: AnyPath) -> Path:
    """Write leaderboard.csv and the self-contained report.html of a study; returns the report's
    path.
    """
    from raylab.reporting.answering.page import write_answer_report  # slow: it imports plotly
    from raylab.reporting.study_page import write_report

    study = StudyFolder.open(Path(path))
    records = study.records()
    write_csv(
        study.leaderboard_path,
        leaderboard_rows(records, *study.modes, metrics=study.metrics, ties=ties_of(study)),
    )
    if study.is_answer:
        return write_answer_report(study)
    return write_report(study, importance=importance(records, study.modes[0]))
