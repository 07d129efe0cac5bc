"""The verb `adapt`: a trained model fitted to other sessions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import click

import raylab
from raylab.cli.checks.single import check_adapt
from raylab.cli.group import DATA, OUT, SET, STUDY, TRIAL, WORKERS, parsed, verb
from raylab.cli.show.live import live
from raylab.cli.show.study import print_study, say_choice


@verb("raylab adapt study --data other --out adapted")
@STUDY
@DATA
@OUT
@TRIAL
@click.option(
    "--layers",
    default="input",
    show_default=True,
    type=click.Choice(["input", "all"]),
    help="The layers to train: only the first layer of each session, or all layers.",
)
@click.option(
    "--session",
    help="The session whose layers are used, if the trained model has one encoder per session.",
)
@WORKERS
@SET
def adapt(
    study: Path,
    data: Path,
    out: Path,
    trial: str | None,
    layers: Literal["input", "all"],
    session: str | None,
    workers: int | None,
    overrides: Sequence[str],
) -> None:
    """Fit a trained model to other sessions or animals. First layers are new; others are kept."""
    values = parsed(overrides, workers=workers)
    check_adapt(study, data=data, out=out, trial=trial, session=session, overrides=values)
    say_choice(study, trial)
    with live(out, stage="checking the model and the data, starting Ray") as say:
        adapted = raylab.adapt(
            study,
            data=data,
            out=out,
            trial=trial,
            layers=layers,
            session=session,
            overrides=values,
            say=say,
        )
    print_study(adapted)
