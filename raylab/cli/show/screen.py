"""Where verbs write: lines on standard error, tables and JSON on standard output."""

from __future__ import annotations

import json
from typing import Any

import click


def say(line: str) -> None:
    click.echo(line, err=True)


def console(*, stderr: bool = True) -> Any:
    """At least 100 columns where the output is not a terminal: tables in a log need their width."""
    from rich.console import Console

    screen = Console(stderr=stderr)
    return screen if screen.is_terminal else Console(stderr=stderr, width=max(screen.width, 120))


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, default=str))


def number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
