"""Several studies ranked by one decoding score."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from raylab.cli.show.screen import print_table

if TYPE_CHECKING:
    from raylab.analysis.rank import Ranking


def print_ranking(ranking: Ranking) -> None:
    """The rows, and remarks below."""
    from raylab.reporting.tables.ranking import ranking_grid, remarks

    plain = ranking.to_dict()
    print_table(ranking_grid(plain))
    for line in remarks(plain):
        click.echo(line)
