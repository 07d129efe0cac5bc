"""A study that has ended, and which of its trials is used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from raylab.cli.show.answer import print_answer
from raylab.cli.show.screen import console, print_json, say

if TYPE_CHECKING:
    from raylab.reporting.baselines import Baselines
    from raylab.tracking.study import StudyFolder


def print_study(study: StudyFolder) -> None:
    """The leaderboard, where the report and MLflow are, and the verdict as the last line; of an
    answer, the answer.

    Raises:
        NothingCompleted: Everything is printed, and no trial completed.
    """
    if not show_answer(study.path):
        _print_search(study)
    require_completed(study.path)


def _print_search(study: StudyFolder) -> None:
    from raylab.reporting.facts import gather
    from raylab.reporting.sections.head import study_verdict

    print_leaderboard(study)
    say_choice(study.path, None)
    click.echo(f"report      {study.report_path}")
    click.echo(f"MLflow      {study.description['tracking']['uri']}  (open it with `raylab ui`)")
    click.echo(study_verdict(gather(study, importance=None)).text)


def require_completed(path: Path) -> None:
    """Raise NothingCompleted, with which a command exits with code 1, where no trial of a study
    completed.
    """
    from raylab.errors import NothingCompleted
    from raylab.tracking.study import StudyFolder

    if not any(record.state == "completed" for record in StudyFolder.open(path).records()):
        raise NothingCompleted(
            f"{path}: no trial completed", f"`raylab leaderboard {path}` shows why."
        )


def show_answer(path: Path, *, as_json: bool = False) -> bool:
    """Print the answer of a study; whether it has one."""
    from raylab.tracking.study import StudyFolder

    answer = StudyFolder.open(path).answer()
    if answer is None:
        return False
    print_json(answer) if as_json else print_answer(answer, path)
    return True


def print_leaderboard(study: StudyFolder) -> None:
    """A row per trial, as many columns as fit."""
    from raylab.reporting.reads_of_test import reads_text
    from raylab.reporting.tables.leaderboard import leaderboard_rows
    from raylab.reporting.tables.leaderboard_terminal import leaderboard_table
    from raylab.reporting.ties import ties_of
    from raylab.tracking.records import reads_of_test

    records, screen, ties = study.records(), console(stderr=False), ties_of(study)
    screen.print(
        leaderboard_table(
            leaderboard_rows(records, *study.modes, metrics=study.metrics, ties=ties),
            baselines=cast("Baselines | None", study.baselines()),
            metrics=study.metrics,
            label=study.description["label"],
            errors={record.trial: record.error for record in records},
            width=screen.width,
        ),
        crop=False,
    )
    if ties is not None:
        click.echo(f"* {ties.text}")
    reads = reads_of_test(study.ledger.read())
    if reads:
        click.echo(reads_text(reads))


def say_choice(path: Path, trial: str | None) -> None:
    """Say which trial is used, where none is named and the choice is not obvious.

    `path` may also be a model, which leaves no choice.
    """
    from raylab.analysis.models.winner import describe_choice
    from raylab.tracking.study import StudyFolder

    if trial is None and (path / "study.json").is_file():
        choice = describe_choice(StudyFolder.open(path))
        if choice:
            say(choice)


def say_unselected(path: Path, split: str, trial: str | None) -> None:
    """Warn where the test split is read before a selection over seeds has ended."""
    from raylab.analysis.models.winner import unselected
    from raylab.tracking.study import StudyFolder

    if split == "test" and trial is None:
        warning = unselected(StudyFolder.open(path))
        if warning:
            say(f"note: {warning}")
