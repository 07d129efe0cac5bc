"""Scores of models trained on shuffled labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from raylab.cli.show.screen import number, print_table

if TYPE_CHECKING:
    from raylab.analysis.shuffle_labels import ShuffledLabels

HEADS = ("label", "metric", "true", "shuffled", "least", "most", "gap", "p")


def print_shuffles(result: ShuffledLabels) -> None:
    """A row per label."""
    from raylab.reporting.tables.grid import Grid

    rows = []
    for label, gap in result.scores.items():
        least, most = min(gap.shuffled), max(gap.shuffled)
        values = (gap.true, gap.mean, least, most, gap.gap, gap.p)
        rows.append([label, gap.metric, *map(number, values)])
    print_table(Grid(HEADS, rows, f"{result.split} split", least=4))
    click.echo(
        f"trial {result.trial} trained again on {result.shuffles} shuffles of "
        f"{', '.join(result.shuffled)}"
    )
