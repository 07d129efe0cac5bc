"""Scores of models trained on shuffled labels."""

from __future__ import annotations

from typing import Any

import click

from raylab.cli.show.screen import console, number


def print_shuffles(result: dict[str, Any]) -> None:
    from rich.table import Table

    grid = Table(
        "label",
        "metric",
        "true",
        "shuffled",
        "least",
        "most",
        "gap",
        "p",
        title=f"{result['split']} split",
    )
    for label, found in result["scores"].items():
        values = (
            found["true"],
            found["mean"],
            min(found["shuffled"]),
            max(found["shuffled"]),
            found["gap"],
            found["p"],
        )
        grid.add_row(label, found["metric"], *map(number, values))
    console(stderr=False).print(grid)
    click.echo(
        f"trial {result['trial']} trained again on {result['shuffles']} shuffles of "
        f"{', '.join(result['shuffled'])}"
    )
