"""Betti numbers of embeddings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from raylab.cli.show.screen import print_table

if TYPE_CHECKING:
    from raylab.analysis.topology import Topology

SHOWN_BARS = 4
HEADS = ("session", "dimension", "Betti number", "longest bars", "longest in shuffles", "landmarks")


def print_topology(result: Topology) -> None:
    """A row per session and homology dimension."""
    from raylab.reporting.tables.grid import Grid

    rows = []
    for name, session in result.sessions.items():
        for dimension, betti in enumerate(session.betti):
            bars = ", ".join(f"{life:.2f}" for life in session.longest[dimension][:SHOWN_BARS])
            threshold = f"{session.thresholds[dimension]:.2f}"
            rows.append([name, str(dimension), str(betti), bars, threshold, str(session.landmarks)])
    title = f"topology of trial {result.trial}, {result.split} split"
    print_table(Grid(HEADS, rows, title, least=3, folds=["session"]))
    click.echo(
        f"against {result.shuffles} shuffles of units in time; docs/evaluation.md says when a bar "
        "counts"
    )
