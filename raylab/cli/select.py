"""The verb `select`: the best of a search over seeds, and the champion among them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

import raylab
from raylab.cli.checks.single import check_select
from raylab.cli.group import JSON, STUDY, verb
from raylab.cli.show.live import live
from raylab.cli.show.screen import print_json
from raylab.cli.show.selection import print_selection


@verb("raylab select study --top 4 --seeds 5\nraylab select study --rule simplest --no-control")
@STUDY
@click.option(
    "--top",
    default=4,
    show_default=True,
    type=click.IntRange(1),
    help="Number of candidates: the best by validation.",
)
@click.option(
    "--seeds",
    default=5,
    show_default=True,
    type=click.IntRange(1),
    help="Repetitions of each candidate, each with a new seed.",
)
@click.option(
    "--rule",
    default="best",
    show_default=True,
    type=click.Choice(["best", "simplest"]),
    help="best: the best mean. simplest: the fewest learnt numbers within one standard error of "
    "the best mean.",
)
@click.option(
    "--shuffles",
    type=click.IntRange(1),
    help="Shuffles of the control on shuffled labels; default 10.",
)
@click.option("--no-control", is_flag=True, help="Leave out the control on shuffled labels.")
@JSON
def select(
    study: Path,
    top: int,
    seeds: int,
    rule: Literal["best", "simplest"],
    shuffles: int | None,
    no_control: bool,
    as_json: bool,
) -> None:
    """Train the best trials of a search again over seeds, and choose one config.

    The repetition of that config with the median score is the champion: evaluate, export, adapt and
    report use it from then on. After an interruption, the same command or `raylab resume`
    continues.
    """
    if no_control and shuffles:
        raise click.UsageError(
            "--shuffles sets the control on shuffled labels, which --no-control leaves out"
        )
    check_select(study, seeds=seeds, rule=rule)
    stage = "reading the study, starting Ray"
    with live(study, stage=stage, resumes=False) as say:
        selection = raylab.select(
            study,
            top=top,
            seeds=seeds,
            rule=rule,
            shuffles=0 if no_control else shuffles or 10,
            say=say,
        )
    if as_json:
        print_json(selection.to_dict())
    else:
        print_selection(selection, study)
