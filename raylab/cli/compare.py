"""The verb `compare`: the alternatives of one choice over seeds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

import raylab
from raylab.cli.checks.spaces import check_compare
from raylab.cli.group import DATA, JSON, OUT, PATH, SET, parsed, verb
from raylab.cli.show.alternatives import print_alternatives
from raylab.cli.show.live import live
from raylab.cli.show.screen import print_json


@verb("raylab compare quantizers --data ds --out compared --seeds 5")
@click.argument("space", type=PATH)
@DATA
@OUT
@click.option(
    "--over",
    metavar="PATH",
    help="The searched path to compare; default: the choice on which other paths depend.",
)
@click.option(
    "--seeds",
    type=click.IntRange(1),
    default=5,
    show_default=True,
    help="Trials per alternative, each with a seed of its own.",
)
@click.option(
    "--any-size",
    is_flag=True,
    help="Also compare alternatives whose numbers of learnt parameters differ by more than 10 %.",
)
@SET
@JSON
def compare(
    space: Path,
    data: Path,
    out: Path,
    over: str | None,
    seeds: int,
    any_size: bool,
    overrides: Sequence[str],
    as_json: bool,
) -> None:
    """Train each value of one choice over seeds, with all else equal.

    The result has means and intervals, a table and a figure.

    SPACE is a YAML file, or the name of a space that raylab ships: see `raylab spaces`.
    """
    values = parsed(overrides)
    check_compare(space, data=data, out=out, over=over, overrides=values)
    stage = "checking the space and the data, starting Ray"
    with live(out, stage=stage, resumes=False) as say:
        comparison = raylab.compare(
            space,
            data=data,
            out=out,
            over=over,
            seeds=seeds,
            any_size=any_size,
            overrides=values,
            say=say,
        )
    if as_json:
        print_json(comparison.to_dict())
    else:
        print_alternatives(comparison, out)
