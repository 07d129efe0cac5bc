"""Consistency of embeddings."""

from __future__ import annotations

from typing import Any

import click

from raylab.cli.show.screen import console, number


def print_consistency(result: dict[str, Any]) -> None:
    from rich.table import Table

    grid = Table(
        "predicts",
        *result["names"],
        title=f"consistency between {result['between']}, {result['split']} split",
    )
    for name, row in zip(result["names"], result["matrix"]):
        grid.add_row(name, *(number(value) for value in row))
    console(stderr=False).print(grid)
    unit = "bins of " + result["label"] if result["label"] else "samples"
    within = (
        f", within {result['between']} {result['within']:.3f}"
        if result["within"] is not None
        else ""
    )
    click.echo(
        f"mean R2 {result['mean']:.3f}{within} (pairs {result['least']:.3f} to "
        f"{result['most']:.3f}; independent samples {result['chance']:.3f}), {result['samples']} "
        f"{unit}, trials {', '.join(result['trials'])}"
    )
    for note in result["notes"]:
        click.echo(f"note: {note}")
