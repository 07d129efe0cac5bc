"""What a selection over seeds chose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from raylab.cli.show.screen import console


def print_selection(result: dict[str, Any], study: Path) -> None:
    from rich.table import Table

    from raylab.reporting.tables.selection import selection_sentences, selection_table

    heads, rows = selection_table(result)
    grid = Table(*heads)
    for row in rows:
        grid.add_row(*row)
    console(stderr=False).print(grid)
    for line in selection_sentences(result):
        click.echo(line)
    click.echo(f"{study / 'scores' / 'selection.json'} and selection.png hold it")
