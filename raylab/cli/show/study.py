"""A study that has ended, and which of its trials is used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from raylab.cli.show.screen import console, say


def print_study(study: Any) -> None:
    print_leaderboard(study)
    say_choice(study.path, None)
    click.echo(f"report      {study.report_path}")
    click.echo(f"MLflow      {study.description['tracking']['uri']}  (open it with `raylab ui`)")


def print_leaderboard(study: Any) -> None:
    from raylab.reporting.tables.leaderboard import leaderboard_rows
    from raylab.reporting.tables.leaderboard_terminal import leaderboard_table

    records, screen = study.records(), console(stderr=False)
    screen.print(
        leaderboard_table(
            leaderboard_rows(records, *study.modes, metrics=study.metrics),
            baselines=study.baselines(),
            metrics=study.metrics,
            label=study.description["label"],
            errors={record.trial: record.error for record in records},
            width=screen.width,
        )
    )


def say_choice(path: Path, trial: str | None) -> None:
    """Which trial is used where none is named and several objectives leave a choice. A path may be
    a model's, too.
    """
    from raylab.analysis.winner import said_choice
    from raylab.tracking.study import StudyFolder

    if (
        trial is None
        and (path / "study.json").is_file()
        and (said := said_choice(StudyFolder.open(path)))
    ):
        say(said)


def say_unselected(path: Path, split: str, trial: str | None) -> None:
    """That no selection over seeds comes before a reading of the test split."""
    from raylab.analysis.winner import unselected
    from raylab.tracking.study import StudyFolder

    if split == "test" and trial is None and (said := unselected(StudyFolder.open(path))):
        say(f"note: {said}")
