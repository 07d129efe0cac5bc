"""Several studies ranked by one decoding score."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from raylab.cli.show.screen import console

if TYPE_CHECKING:
    from raylab.analysis.rank import Ranking


def print_ranking(ranking: Ranking) -> None:
    """The rows, and remarks below."""
    from raylab.reporting.tables.ranking import ranking_table, remarks

    plain = ranking.to_dict()
    console(stderr=False).print(ranking_table(plain))
    for line in remarks(plain):
        click.echo(line)
