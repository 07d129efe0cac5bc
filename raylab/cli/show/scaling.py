"""Speeds, scores and laws of a scaling study."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from raylab.cli.show.screen import mean_text, print_table

if TYPE_CHECKING:
    from raylab.analysis.scaling.results import Law, Point, Scaling

HEADS = ("workers", "width", "data", "samples")
SPEEDS = ("steps/s", "samples/s", "speed-up", "efficiency")


def print_scaling(result: Scaling, out: Path) -> None:
    """A row per point, the fitted laws, and where they are written."""
    from raylab.reporting.tables.grid import Grid

    title = f"means of {result.seeds} seeds (95 % interval), {result.steps} steps at most"
    heads = [*HEADS, result.metric, *SPEEDS]
    print_table(Grid(heads, [_cells(point) for point in result.points], title, least=5))
    for width, law in result.laws.data.items():
        which = f", width {width}" if result.width_path else ""
        _print_law(f"{result.error} over data{which}", law)
    if result.laws.width:
        _print_law(f"{result.error} over width, most data", result.laws.width)
    click.echo(f"{out / 'scores'}: scaling.json, scaling.csv, scaling.png")


def _cells(point: Point) -> list[str]:
    failed = f" ({point.failed} failed)" if point.failed else ""
    speeds = (point.steps_per_s, point.samples_per_s, point.speed_up, point.efficiency)
    return [
        str(point.workers),
        str(point.width or ""),
        f"{point.fraction:g}",
        f"{point.samples:,}",
        mean_text(point.score, interval=True) + failed,
        *map(mean_text, speeds),
    ]


def _print_law(name: str, law: Law) -> None:
    from raylab.analysis.scaling.results import RefusedLaw
    from raylab.reporting.tables.scaling import law_text

    if isinstance(law, RefusedLaw):
        click.echo(f"{name}: {law.refused}")
        return
    click.echo(f"{name}: {law_text(law.to_dict())}")
    for note in law.notes:
        click.echo(f"  note: {note}")
