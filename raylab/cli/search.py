"""The verb `search`: trials of a space, in parallel."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

import raylab
from raylab.cli.group import DATA, OUT, PATH, SET, WORKERS, parsed, verb
from raylab.cli.show.live import live
from raylab.cli.show.study import print_study


@verb("raylab search contrastive --data ds --out study --trials 16")
@click.argument("space", type=PATH)
@DATA
@OUT
@click.option("--trials", type=click.IntRange(1), help="Number of trials; overrides budget.trials.")
@WORKERS
@SET
def search(
    space: Path,
    data: Path,
    out: Path,
    trials: int | None,
    workers: int | None,
    overrides: Sequence[str],
) -> None:
    """Search a space: trials in parallel, all recorded, a leaderboard and a report at the end.

    SPACE is a YAML file, or the name of a space that raylab ships: see `raylab spaces`.
    """
    with live(out, stage="checking the space and the data, starting Ray") as say:
        study = raylab.search(
            space,
            data=data,
            out=out,
            trials=trials,
            overrides=parsed(overrides, workers=workers),
            say=say,
        )
    print_study(study)
