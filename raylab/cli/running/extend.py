"""The verb `extend`: more trials, more time or more steps for a study."""

from __future__ import annotations

from pathlib import Path

import click

import raylab
from raylab.cli.group import STUDY, verb
from raylab.cli.show.live import live
from raylab.cli.show.study import print_study


@verb(
    "raylab extend study --trials 40\n"
    "raylab extend study --rerun-failed\n"
    "raylab extend study 0003 --steps 6000"
)
@STUDY
@click.argument("trial", required=False)
@click.option("--trials", type=click.IntRange(1), help="Draw so many more trials.")
@click.option(
    "--hours",
    type=click.FloatRange(0, min_open=True),
    help="Search for so many more hours, where budget.hours limits the search.",
)
@click.option(
    "--steps",
    type=click.IntRange(1),
    help="Train TRIAL until this step, counted from its start, as a new trial.",
)
@click.option("--rerun-failed", is_flag=True, help="Run each failed trial again, as a new trial.")
def extend(
    study: Path,
    trial: str | None,
    trials: int | None,
    hours: float | None,
    steps: int | None,
    rerun_failed: bool,
) -> None:
    """Give a study more to do, also after it has ended.

    If a driver is at work on the study, it goes on with what is added. Otherwise this command runs
    it; after an interruption, `raylab resume` does.
    """
    with live(study, stage="reading the study, starting Ray") as say:
        extended = raylab.extend(
            study,
            trial,
            trials=trials,
            hours=hours,
            steps=steps,
            rerun_failed=rerun_failed,
            say=say,
        )
    if not extended.is_live():
        print_study(extended)
