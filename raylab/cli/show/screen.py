"""Where verbs write: lines on standard error, tables and JSON on standard output."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console

    from raylab.analysis.over_seeds import OverSeeds
    from raylab.reporting.tables.grid import Grid

WIDTH = 120  # of tables in a log, which would not fit in 80 columns


def say(line: str) -> None:
    """A line of progress, on standard error."""
    click.echo(line, err=True)


def console(*, stderr: bool = True) -> Console:
    """A screen for tables, at least WIDTH columns wide where the output is not a terminal."""
    from rich.console import Console

    screen = Console(stderr=stderr)
    return screen if screen.is_terminal else Console(stderr=stderr, width=max(screen.width, WIDTH))


def print_table(grid: Grid) -> None:
    """A table on standard output, with as many columns as fit and no heading cut."""
    from raylab.reporting.tables.grid import terminal_table

    screen = console(stderr=False)
    screen.print(terminal_table(grid, screen.width), crop=False)


def print_json(value: object) -> None:
    """The one JSON value of `--json`."""
    click.echo(json.dumps(value, indent=2, default=str))


def number(value: float | None) -> str:
    """Three digits after the point; empty for None."""
    return "" if value is None else f"{value:.3f}"


def mean_text(over: OverSeeds | None, *, interval: bool = False) -> str:
    """A mean over seeds, such as `0.71` or `0.71 (0.69 ... 0.73)`; `-` for None."""
    if over is None:
        return "-"
    mean = f"{over.mean:,.0f}" if abs(over.mean) >= 1000 else f"{over.mean:.3g}"
    if over.interval is None or not interval:
        return mean
    low, high = over.interval
    return f"{mean} ({low:.3g} ... {high:.3g})"
