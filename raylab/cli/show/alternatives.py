"""Alternatives of one choice, over seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from raylab.cli.show.screen import console


def print_alternatives(result: dict[str, Any], out: Path) -> None:
    from rich.table import Table

    from raylab.reporting.tables.alternatives import shown_metrics

    metrics = shown_metrics(result)
    title = (
        f"{result['over']}: mean of {result['seeds']} seeds (95 % interval), {result['steps']} "
        "steps each"
    )
    grid = Table("", *metrics, "numbers learnt", title=title)
    for name, one in result["alternatives"].items():
        cells = [_with_interval(one["metrics"].get(metric)) for metric in metrics]
        failed = f" ({one['failed']} failed)" if one["failed"] else ""
        grid.add_row(name + failed, *cells, f"{one['learnt']:,}")
    console(stderr=False).print(grid)
    click.echo(
        f"{out / 'scores' / 'alternatives.csv'}, alternatives.json and alternatives.png hold all "
        "metrics"
    )


def _with_interval(found: dict[str, Any] | None) -> str:
    if found is None:
        return "-"
    low, high = found["interval"] or (None, None)
    return (
        f"{found['mean']:.3g}" if low is None else f"{found['mean']:.3g} ({low:.3g} ... {high:.3g})"
    )
