"""What a selection over seeds chose."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from raylab.cli.show.screen import print_table

if TYPE_CHECKING:
    from raylab.analysis.selection.results import SeedSelection


def print_selection(selection: SeedSelection, study: Path) -> None:
    """A row per candidate, sentences that explain the choice, and the verdict as the last line."""
    from raylab.reporting.facts import gather
    from raylab.reporting.sections.head import study_verdict
    from raylab.reporting.tables.grid import Grid
    from raylab.reporting.tables.selection import selection_sentences, selection_table
    from raylab.tracking.study import StudyFolder

    plain = selection.to_dict()
    heads, rows = selection_table(plain)
    print_table(Grid(heads, rows, least=3, folds=["each seed"]))
    for line in selection_sentences(plain):
        click.echo(line)
    click.echo(f"{study / 'scores' / 'selection.json'} and selection.png hold the result")
    click.echo(study_verdict(gather(StudyFolder.open(study), importance=None)).text)
