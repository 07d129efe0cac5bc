"""The verb `sync`: MLflow brought up to date."""

from __future__ import annotations

from pathlib import Path

import click

import raylab
from raylab.cli.checks.studies import opened
from raylab.cli.group import STUDY, verb


@verb("raylab sync study")
@STUDY
def sync(study: Path) -> None:
    """Bring MLflow up to date with the study's ledger. Repeating it changes nothing."""
    opened(study)
    synced = raylab.sync(study)
    click.echo(
        f"{len(synced.records())} trials in MLflow at {synced.description['tracking']['uri']}"
    )
