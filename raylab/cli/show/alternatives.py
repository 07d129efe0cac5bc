"""Alternatives of one choice, over seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from raylab.cli.show.screen import console, number


def print_alternatives(result: dict[str, Any], out: Path) -> None:
    from rich.table import Table

    from raylab.reporting.alternatives import UNVERIFIED, published, shown_metrics

    metrics, told = shown_metrics(result), published(result)
    title = (
        f"{result['over']}: mean of {result['seeds']} seeds (95 % interval), {result['steps']} "
        "steps each"
    )
    grid = Table("", *metrics, "numbers learnt", title=title)
    for name, one in result["alternatives"].items():
        cells = [_with_interval(one["metrics"].get(metric)) for metric in metrics]
        failed = f" ({one['failed']} failed)" if one["failed"] else ""
        grid.add_row(name + failed, *cells, f"{one['learnt']:,}")
    for name, figures in told.items():
        grid.add_row(
            f"{name} *", *(number(figures.get(metric)) for metric in metrics), "", style="dim"
        )
    console(stderr=False).print(grid)
    if told:
        click.echo(f"* {UNVERIFIED}")
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
