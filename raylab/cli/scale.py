"""The verb `scale`: data x model width x workers at fixed settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import click

import raylab
from raylab.cli.checks.spaces import check_scale
from raylab.cli.group import DATA, JSON, PATH, SET, parsed, verb
from raylab.cli.show.live import live
from raylab.cli.show.scaling import print_scaling
from raylab.cli.show.screen import print_json

Number = TypeVar("Number", int, float)


def _list(
    number: type[Number],
) -> Callable[[click.Context, click.Parameter, str | None], tuple[Number, ...]]:
    """Reads `0.25,0.5,1`."""

    def read(_: click.Context, parameter: click.Parameter, text: str | None) -> tuple[Number, ...]:
        try:
            return tuple(number(part.strip()) for part in text.split(",")) if text else ()
        except ValueError:
            raise click.BadParameter(f"'{text}' is no list of numbers") from None

    return read


def _width(
    _: click.Context, __: click.Parameter, text: str | None
) -> tuple[str | None, tuple[int | str, ...]]:
    """Reads `PATH=16,32` or `16,32`."""
    path, equals, values = (text or "").rpartition("=")
    listed = [width.strip() for width in values.split(",") if width.strip()]
    if text and (not listed or (equals and not path)):
        raise click.BadParameter(f"'{text}' is not of the form PATH=16,32,64 or 16,32,64")
    return path or None, tuple(int(width) if width.isdigit() else width for width in listed)


@verb(
    "raylab scale contrastive --data ds --out scaling --width 16,32,64 "
    "--workers 1,2\nraylab scale vqvae --data ds --out scaling --width "
    "model.channels=8x16x32,16x32x64 --seeds 5"
)
@click.argument("space", type=PATH)
@DATA
@click.option(
    "--out",
    required=True,
    type=PATH,
    help="The folder in which each number of workers gets a study.",
)
@click.option(
    "--data-fractions",
    default="0.125,0.25,0.5,1",
    show_default=True,
    callback=_list(float),
    help="Shares of each session's training samples.",
)
@click.option(
    "--width",
    metavar="[PATH=]LIST",
    callback=_width,
    help=(
        "Model widths, such as 16,32,64 or 16x32,32x64; default: the config's own width. "
        "PATH is the config path; default: that of the model family."
    ),
)
@click.option(
    "--workers",
    default="1",
    show_default=True,
    callback=_list(int),
    help="Workers per trial, such as 1,2,4.",
)
@click.option(
    "--seeds",
    type=click.IntRange(1),
    default=3,
    show_default=True,
    help="Trials per point, each with a seed of its own.",
)
@SET
@JSON
def scale(
    space: Path,
    data: Path,
    out: Path,
    data_fractions: tuple[float, ...],
    width: tuple[str | None, tuple[int | str, ...]],
    workers: tuple[int, ...],
    seeds: int,
    overrides: Sequence[str],
    as_json: bool,
) -> None:
    """Train every combination of data, width and workers over seeds, with all else fixed.

    The result has speeds, efficiency, scores and fitted power laws. After an interruption, the same
    command continues.

    SPACE is a YAML file, or the name of a space that raylab ships: see `raylab spaces`.
    """
    width_path, widths = width
    values = parsed(overrides)
    check_scale(
        space,
        data=data,
        out=out,
        data_fractions=data_fractions,
        workers=workers,
        overrides=values,
    )
    stage = "checking the space and the data, starting Ray"
    with live(out, stage=stage, resumes=False, planned=len(set(workers))) as say:
        scaling = raylab.scale(
            space,
            data=data,
            out=out,
            data_fractions=data_fractions,
            width=widths,
            width_path=width_path,
            workers=workers,
            seeds=seeds,
            overrides=values,
            say=say,
        )
    if as_json:
        print_json(scaling.to_dict())
    else:
        print_scaling(scaling, out)
