"""The verb `report`: one study, or several on one page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

import raylab
from raylab.cli.group import PATH, verb
from raylab.cli.show.study import say_choice


@verb("raylab report study\nraylab report embeddings decoders --out compared.html")
@click.argument("studies", nargs=-1, required=True, metavar="STUDY...", type=PATH)
@click.option(
    "--out",
    type=PATH,
    help="For several studies: the file of the page that compares them.",
)
@click.option(
    "--label",
    help="For several studies: the label to decode; default: the label that all studies decode.",
)
def report(studies: Sequence[Path], out: Path | None, label: str | None) -> None:
    """Write leaderboard.csv and one self-contained report.html of a study.

    For several studies, write one page that compares them.
    """
    for study in studies:
        say_choice(study, None)
    click.echo(raylab.report(studies, out=out, label=label))
