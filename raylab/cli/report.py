"""The verb `report`: one study, or several on one page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

import raylab
from raylab.cli.checks.several import check_report
from raylab.cli.group import PATH, verb
from raylab.cli.show.following.live_server import serve_live
from raylab.cli.show.study import say_choice


@verb(
    "raylab report study\nraylab report embeddings decoders --out compared.html\n"
    "raylab report --live study"
)
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
@click.option(
    "--live",
    is_flag=True,
    help="Serve a page that follows one study while it runs, on this machine only, until Ctrl-C.",
)
@click.option(
    "--port", type=click.IntRange(0, 65535), help="With --live: the port; default: a free one."
)
def report(
    studies: Sequence[Path], out: Path | None, label: str | None, live: bool, port: int | None
) -> None:
    """Write leaderboard.csv and one self-contained report.html of a study.

    For several studies, write one page that compares them.
    """
    if port is not None and not live:
        raise click.UsageError("--port belongs to --live")
    if live:
        if len(studies) > 1 or out or label:
            raise click.UsageError("--live follows one study; leave out --out and --label")
        serve_live(studies[0], port=port or 0)
        return
    check_report(studies, label=label, out=out)
    for study in studies:
        say_choice(study, None)
    click.echo(raylab.report(studies, out=out, label=label))
