"""Betti numbers of embeddings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from raylab.cli.show.screen import console

if TYPE_CHECKING:
    from raylab.analysis.topology import Topology

SHOWN_BARS = 4
HEADS = ("session", "dimension", "Betti number", "longest bars", "longest in shuffles", "landmarks")


def print_topology(result: Topology) -> None:
    """A row per session and homology dimension."""
    from rich.table import Table

    grid = Table(*HEADS, title=f"topology of trial {result.trial}, {result.split} split")
    for name, session in result.sessions.items():
        for dimension, betti in enumerate(session.betti):
            bars = ", ".join(f"{life:.2f}" for life in session.longest[dimension][:SHOWN_BARS])
            threshold = f"{session.thresholds[dimension]:.2f}"
            grid.add_row(name, str(dimension), str(betti), bars, threshold, str(session.landmarks))
    console(stderr=False).print(grid)
    click.echo(
        f"against {result.shuffles} shuffles of units in time; docs/evaluation.md says when a bar "
        "counts"
    )
