"""The verb `watch`: what a study is doing, from another terminal or machine."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from raylab.cli.group import PATH, verb
from raylab.cli.show.following.watching import print_once, watched


@verb("raylab watch study\nraylab watch study --once --json")
@click.argument("study", type=PATH)  # which need not exist yet
@click.option("--once", is_flag=True, help="Print where the study stands now, and do not wait.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print a JSON object per line: one at each change, or with --once a single one.",
)
def watch(study: Path, once: bool, as_json: bool) -> None:
    """Show what a study is doing while it runs elsewhere: on this machine, or on another one that
    shares the folder.

    Waits for a study that does not run yet, and ends when the study ends; of a study that has ended
    it prints the last state. Nothing is written to the study. Ctrl-C ends the watching, never the
    study.
    """
    try:
        if once:
            print_once(study, as_json=as_json)
        else:
            watched(study, as_json=as_json)
    except KeyboardInterrupt:
        sys.exit(130)
