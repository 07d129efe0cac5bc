"""A drafted recipe: what was chosen, and what to look at."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from raylab.cli.show.screen import print_json

if TYPE_CHECKING:
    from raylab.data.draft import Draft


def print_draft(draft: Draft, path: Path, out: Path, *, as_json: bool) -> None:
    """The recipe, its doubtful guesses, and the command that uses it."""
    if as_json:
        print_json(draft.to_dict())
        return
    click.echo(draft.text)
    for check in draft.checks:
        click.echo(f"check {check}", err=True)
    source, recipe = shlex.quote(str(path)), shlex.quote(str(out))
    click.echo(f"Next:\n  raylab prepare {source} --recipe {recipe} --out dataset")
