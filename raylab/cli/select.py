"""The verb `select`: the best of a search over seeds, and the champion among them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import click

import raylab
from raylab.cli.group import JSON, STUDY, verb
from raylab.cli.show import console, print_json, say


@verb("raylab select study --top 4 --seeds 5\nraylab select study --rule simplest --no-control")
@STUDY
@click.option(
    "--top", default=4, show_default=True, type=click.IntRange(1), help="Candidates, by validation."
)
@click.option(
    "--seeds",
    default=5,
    show_default=True,
    type=click.IntRange(1),
    help="Repetitions of each, all new.",
)
@click.option(
    "--rule",
    default="best",
    show_default=True,
    type=click.Choice(["best", "simplest"]),
    help="Best mean; or the fewest learnt numbers within one standard error of it.",
)
@click.option(
    "--shuffles", type=click.IntRange(1), help="Of the control on shuffled labels; default 10."
)
@click.option("--no-control", is_flag=True, help="Without that control.")
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
    """Train the best trials of a search again over seeds and choose one config; its median run is
    the champion.

    Interrupted, the same command or `raylab resume` goes on. What uses a study's winner uses the
    champion from then on.
    """
    if no_control and shuffles:
        raise click.UsageError("--shuffles is of the control that --no-control leaves out")
    found = raylab.select(
        study,
        top=top,
        seeds=seeds,
        rule=rule,
        shuffles=0 if no_control else shuffles or 10,
        say=say,
    )
    if as_json:
        print_json(found)
    else:
        print_selection(found, study)


def print_selection(result: dict[str, Any], study: Path) -> None:
    from rich.table import Table

    from raylab.reporting.choice import said_selection, selection_table

    heads, rows = selection_table(result)
    grid = Table(*heads)
    for row in rows:
        grid.add_row(*row)
    console(stderr=False).print(grid)
    for line in said_selection(result):
        click.echo(line)
    click.echo(f"{study / 'scores' / 'selection.json'} and selection.png hold it")
