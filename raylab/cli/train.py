"""The verb `train`: a study of one trial."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

import raylab
from raylab.cli.group import DATA, OUT, PATH, SET, WORKERS, parsed, verb
from raylab.cli.show.live import live
from raylab.cli.show.study import print_study


@verb("raylab train config.yaml --data ds --out study --workers 2")
@click.argument("config", type=PATH)
@DATA
@OUT
@WORKERS
@SET
def train(
    config: Path, data: Path, out: Path, workers: int | None, overrides: Sequence[str]
) -> None:
    """Train one config: a study of one trial."""
    with live(out, stage="checking the config and the data, starting Ray") as say:
        study = raylab.train(
            config, data=data, out=out, overrides=parsed(overrides, workers=workers), say=say
        )
    print_study(study)
