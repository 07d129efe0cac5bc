"""Scores of models trained on shuffled labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from raylab.cli.show.screen import console, number

if TYPE_CHECKING:
    from raylab.analysis.shuffle_labels import ShuffledLabels

HEADS = ("label", "metric", "true", "shuffled", "least", "most", "gap", "p")


def print_shuffles(result: ShuffledLabels) -> None:
    """A row per label."""
    from rich.table import Table

    grid = Table(*HEADS, title=f"{result.split} split")
    for label, gap in result.scores.items():
        least, most = min(gap.shuffled), max(gap.shuffled)
        values = (gap.true, gap.mean, least, most, gap.gap, gap.p)
        grid.add_row(label, gap.metric, *map(number, values))
    console(stderr=False).print(grid)
    click.echo(
        f"trial {result.trial} trained again on {result.shuffles} shuffles of "
        f"{', '.join(result.shuffled)}"
    )
