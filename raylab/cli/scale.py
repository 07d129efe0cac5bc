"""The verb `scale`: data x model width x workers at fixed settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

import raylab
from raylab.cli.group import DATA, JSON, SET, parsed, verb
from raylab.cli.show import console, print_json, say


def _list(
    of: Callable[[str], Any],
) -> Callable[[click.Context, click.Parameter, str | None], tuple[Any, ...]]:
    def read(_: click.Context, parameter: click.Parameter, text: str | None) -> tuple[Any, ...]:
        try:
            return tuple(of(one.strip()) for one in text.split(",")) if text else ()
        except ValueError:
            raise click.BadParameter(f"'{text}' is no list of numbers") from None

    return read


def _width(
    _: click.Context, __: click.Parameter, text: str | None
) -> tuple[str | None, tuple[int | str, ...]]:
    """`PATH=16,32` or `16,32`."""
    path, equals, values = (text or "").rpartition("=")
    listed = [one.strip() for one in values.split(",") if one.strip()]
    if text and (not listed or (equals and not path)):
        raise click.BadParameter(f"'{text}' is not of the form PATH=16,32,64 or 16,32,64")
    return path or None, tuple(int(one) if one.isdigit() else one for one in listed)


@verb(
    "raylab scale search_spaces/contrastive.yaml --data ds --out scaling --width 16,32,64 "
    "--workers 1,2\nraylab scale search_spaces/vqvae.yaml --data ds --out scaling --width "
    "model.channels=8x16x32,16x32x64 --seeds 5"
)
@click.argument("space", type=click.Path(path_type=Path))
@DATA
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="A folder for a study of each number of workers.",
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
        "Model widths, as 16,32,64 or 16x32,32x64; default: the config's own. PATH: default of "
        "the model family."
    ),
)
@click.option(
    "--workers",
    default="1",
    show_default=True,
    callback=_list(int),
    help="Workers a trial, as 1,2,4.",
)
@click.option(
    "--seeds", type=click.IntRange(1), default=3, show_default=True, help="Trials of each point."
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
    """Train data x width x workers over seeds, all else fixed: speed, efficiency, scores and fitted
    power laws.

    The same call again goes on where it was stopped.
    """
    axes: dict[str, Any] = {
        "data_fractions": data_fractions,
        "width_path": width[0],
        "width": width[1],
    }
    axes |= {"workers": workers, "seeds": seeds}
    found = raylab.scale(space, data=data, out=out, overrides=parsed(overrides), say=say, **axes)
    if as_json:
        print_json(found)
    else:
        _print(found, out)


def _print(found: dict[str, Any], out: Path) -> None:
    from rich.table import Table

    from raylab.reporting.scaling import law_text

    heads = (
        "workers",
        "width",
        "data",
        "samples",
        found["metric"],
        "steps/s",
        "samples/s",
        "speed-up",
        "efficiency",
    )
    grid = Table(
        *heads,
        title=f"means of {found['seeds']} seeds (95 % interval), {found['steps']} steps at most",
    )
    for point in found["points"]:
        failed = f" ({point['failed']} failed)" if point["failed"] else ""
        place = (
            str(point["workers"]),
            str(point["width"] or ""),
            f"{point['fraction']:g}",
            f"{point['samples']:,}",
        )
        score = _number(point["score"], 3, interval=True) + failed
        speeds = [
            _number(point[name], 3)
            for name in ("steps_per_s", "samples_per_s", "speed_up", "efficiency")
        ]
        grid.add_row(*place, score, *speeds)
    console(stderr=False).print(grid)
    for width, law in found["laws"]["data"].items():
        _print_law(
            f"{found['error']} over data" + (f", width {width}" if found["width_path"] else ""),
            law,
            law_text,
        )
    if found["laws"]["width"]:
        _print_law(f"{found['error']} over width, most data", found["laws"]["width"], law_text)
    click.echo(f"{out / 'scores'}: scaling.json, scaling.csv, scaling.png")


def _print_law(name: str, law: dict[str, Any], text: Callable[[dict[str, Any]], str]) -> None:
    said = law["refused"] if "refused" in law else text(law)
    click.echo(f"{name}: {said}")
    for note in law.get("notes", ()):
        click.echo(f"  note: {note}")


def _number(found: dict[str, Any] | None, digits: int, *, interval: bool = False) -> str:
    if found is None:
        return "-"
    mean = f"{found['mean']:,.0f}" if abs(found["mean"]) >= 1000 else f"{found['mean']:.{digits}g}"
    low, high = found["interval"] or (None, None)
    return (
        f"{mean} ({low:.{digits}g} ... {high:.{digits}g})" if interval and low is not None else mean
    )
