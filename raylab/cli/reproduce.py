"""The verb `reproduce`: a trial rebuilt from its record."""

from __future__ import annotations

import sys
from pathlib import Path

import click

import raylab
from raylab.cli.checks.single import check_reproduce
from raylab.cli.group import JSON, PATH, STUDY, FiniteRange, verb
from raylab.cli.show.reproduction import lines
from raylab.cli.show.screen import print_json


@verb("raylab reproduce study 0003")
@STUDY
@click.argument("trial")
@click.option(
    "--out",
    type=PATH,
    help="Keep the rebuilt trial in this folder, which must not exist yet.",
)
@click.option(
    "--tolerance",
    type=FiniteRange(0),
    help="Largest relative difference; default: 0 in the study's own environment, else 1e-4.",
)
@JSON
def reproduce(
    study: Path, trial: str, out: Path | None, tolerance: float | None, as_json: bool
) -> None:
    """Train a trial again from its record, and compare score and weights.

    The exit code is 1 if they differ.
    """
    check_reproduce(study, trial=trial, out=out)
    reproduction = raylab.reproduce(study, trial, out=out, tolerance=tolerance)
    if as_json:
        print_json(reproduction.to_dict())
    else:
        click.echo("\n".join(lines(reproduction)))
    if not reproduction.same:
        sys.exit(1)
