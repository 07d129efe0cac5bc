"""Consistency of embeddings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from raylab.cli.show.screen import number, print_table

if TYPE_CHECKING:
    from raylab.analysis.consistency import Consistency


def print_consistency(result: Consistency) -> None:
    """The matrix of R2, and its summary in one line."""
    from raylab.reporting.tables.grid import Grid

    title = f"consistency between {result.between}, {result.split} split"
    rows = [[name, *map(number, row)] for name, row in zip(result.names, result.matrix)]
    print_table(Grid(["predicts", *result.names], rows, title, elsewhere="--json has all"))
    unit = f"bins of {result.label}" if result.label else "samples"
    within = "" if result.within is None else f", within {result.between} {result.within:.3f}"
    click.echo(
        f"mean R2 {result.mean:.3f}{within} (pairs {result.least:.3f} to {result.most:.3f}; "
        f"independent samples {result.chance:.3f}), {result.samples} {unit}, trials "
        f"{', '.join(result.trials)}"
    )
    for note in result.notes:
        click.echo(f"note: {note}")
