"""The answer to the question which entrant decodes a label best."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from raylab.cli.show.screen import print_table

_LEAST = 4  # columns that every screen shows, however narrow


def print_answer(answer: Mapping[str, Any], study: Path) -> None:
    """The entrants, the folds, the notes, where the report is; the sentence is the last line.

    Args:
        answer: The content of `answer.json`.
        study: The folder of the answer.
    """
    from raylab.reporting.tables.answer import (
        RECOMMENDED,
        entrants_note,
        entrants_table,
        folds_table,
    )
    from raylab.reporting.tables.grid import Grid

    if answer["entrants"]:
        heads, rows = entrants_table(answer)
        used = [at for at, row in enumerate(rows) if row[0] == RECOMMENDED]
        title = f"Entrants for {answer['label']}"
        print_table(Grid(heads, rows, title, least=_LEAST, bold=used))
        click.echo(entrants_note(answer))
        title = "Folds: validation score → test score"
        print_table(Grid(*folds_table(answer), title, least=_LEAST))
    for note in answer["notes"]:
        click.echo(f"note: {note}")
    click.echo(f"report: {study / 'report.html'}")
    click.echo(answer["sentence"])
