"""Decoding from several embeddings of the same samples."""

from __future__ import annotations

from typing import Any

import click

from raylab.cli.show.screen import console, number


def print_comparison(result: dict[str, Any]) -> None:
    from rich.table import Table

    names = [
        name + (" *" if found["transductive"] else "") for name, found in result["methods"].items()
    ]
    grid = Table(
        "label",
        "metric",
        *names,
        title=f"{result['split']} split, {result['samples']} samples a split at most",
    )
    first = next(iter(result["methods"].values()))
    for label, scores in first["scores"].items():
        for metric in scores:
            found = [one["scores"].get(label, {}).get(metric) for one in result["methods"].values()]
            grid.add_row(label, metric, *map(number, found))
    grid.add_row(
        "", "dimensions", *(str(found["dimensions"]) for found in result["methods"].values())
    )
    console(stderr=False).print(grid)
    if any(found["transductive"] for found in result["methods"].values()):
        click.echo(
            "* fitted on the scored samples as well, without their labels: it knows no other way"
        )
