"""The answer to the question which entrant decodes a label best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from raylab.cli.show.screen import console

if TYPE_CHECKING:
    from rich.table import Table

_LEAST = 4  # columns that every screen shows, however narrow
_PADDING = 3  # characters between two columns


def print_answer(answer: Mapping[str, Any], study: Path) -> None:
    """The entrants, the folds, the notes, where the report is; the sentence is the last line.

    Args:
        answer: The content of `answer.json`.
        study: The folder of the answer.
    """
    from raylab.reporting.tables.answer import entrants_note, entrants_table, folds_table

    screen = console(stderr=False)
    if answer["entrants"]:
        heads, rows = entrants_table(answer)
        screen.print(_grid(heads, rows, screen.width, f"Entrants for {answer['label']}"))
        click.echo(entrants_note(answer))
        title = "Folds: validation score → test score"
        screen.print(_grid(*folds_table(answer), screen.width, title))
    for note in answer["notes"]:
        click.echo(f"note: {note}")
    click.echo(f"report: {study / 'report.html'}")
    click.echo(answer["sentence"])


def _grid(heads: Sequence[str], rows: Sequence[Sequence[str]], width: int, title: str) -> Table:
    """As many columns from the left as fit, so that no heading and no number is cut."""
    from rich.table import Table

    widths = [max(map(len, column)) + _PADDING for column in zip(heads, *rows)]
    count = max(
        (count for count in range(1, len(heads) + 1) if sum(widths[:count]) < width),
        default=1,
    )
    grid = Table(*heads[: max(count, _LEAST)], title=title, title_justify="left")
    for row in rows:
        style = "bold" if row[0] == "use" else None
        grid.add_row(*row[: max(count, _LEAST)], style=style)
    return grid
