"""The verb `stop`: a study, or some of its trials."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

import raylab
from raylab.cli.group import STUDY, verb
from raylab.cli.show.screen import say


@verb("raylab stop study 0003\nraylab stop study")
@STUDY
@click.argument("trials", nargs=-1, metavar="[TRIAL]...")
def stop(study: Path, trials: Sequence[str]) -> None:
    """Stop trials of a study that runs elsewhere; without TRIAL, stop the study.

    A trial ends at its next validation, as pruned by the user. A study ends as by Ctrl-C: `raylab
    resume` goes on with it.
    """
    raylab.stop(study, *trials, say=say)
