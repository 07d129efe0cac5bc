"""Alternatives of one choice, over seeds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from raylab.cli.show.screen import mean_text, print_table

if TYPE_CHECKING:
    from raylab.analysis.compare import Comparison


def print_alternatives(result: Comparison, out: Path) -> None:
    """A row per alternative, a column per metric."""
    from raylab.reporting.tables.alternatives import shown_metrics
    from raylab.reporting.tables.grid import Grid

    metrics = shown_metrics(result.to_dict())
    title = (
        f"{result.over}: mean of {result.seeds} seeds (95 % interval), {result.steps} steps each"
    )
    rows = []
    for name, alternative in result.alternatives.items():
        cells = [mean_text(alternative.metrics.get(metric), interval=True) for metric in metrics]
        failed = f" ({alternative.failed} failed)" if alternative.failed else ""
        rows.append([name + failed, *cells, f"{alternative.learnt:,}"])
    print_table(Grid(["", *metrics, "numbers learnt"], rows, title, folds=[""]))
    click.echo(
        f"{out / 'scores' / 'alternatives.csv'}, alternatives.json and alternatives.png hold all "
        "metrics"
    )
