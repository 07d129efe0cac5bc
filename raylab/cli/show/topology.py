"""Betti numbers of embeddings."""

from __future__ import annotations

from typing import Any

import click

from raylab.cli.show.screen import console


def print_topology(result: dict[str, Any]) -> None:
    from rich.table import Table

    heads = (
        "session",
        "dimension",
        "Betti number",
        "longest bars",
        "longest in shuffles",
        "landmarks",
    )
    grid = Table(*heads, title=f"topology of trial {result['trial']}, {result['split']} split")
    for name, found in result["sessions"].items():
        for dimension, betti in enumerate(found["betti"]):
            bars = ", ".join(f"{value:.2f}" for value in found["longest"][dimension][:4])
            threshold = f"{found['thresholds'][dimension]:.2f}"
            grid.add_row(name, str(dimension), str(betti), bars, threshold, str(found["landmarks"]))
    console(stderr=False).print(grid)
    click.echo(
        f"against {result['shuffles']} shuffles of units in time; docs/evaluation.md says when a "
        "bar counts"
    )
