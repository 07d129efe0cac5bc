"""Several studies ranked by one decoding score."""

from __future__ import annotations

from typing import Any

import click

from raylab.cli.show.screen import console


def print_ranking(result: dict[str, Any]) -> None:
    from raylab.reporting.tables.ranking import ranking_table, remarks

    console(stderr=False).print(ranking_table(result))
    for line in remarks(result):
        click.echo(line)
