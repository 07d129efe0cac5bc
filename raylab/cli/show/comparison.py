"""Decoding from several embeddings of the same samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from raylab.cli.show.screen import number, print_table

if TYPE_CHECKING:
    from raylab.analysis.compare_embeddings import EmbeddingComparison


def print_comparison(result: EmbeddingComparison) -> None:
    """A row per label and metric, a column per embedding."""
    from raylab.reporting.tables.grid import Grid

    methods = result.methods
    title = f"{result.split} split, {result.samples} samples per split at most"
    names = [name + (" *" if method.transductive else "") for name, method in methods.items()]
    rows = []
    first = next(iter(methods.values()))
    for label, scores in first.scores.items():
        for metric in scores:
            values = [method.scores.get(label, {}).get(metric) for method in methods.values()]
            rows.append([label, metric, *map(number, values)])
    rows.append(["", "dimensions", *(str(method.dimensions) for method in methods.values())])
    print_table(Grid(["label", "metric", *names], rows, title, least=3, folds=["label"]))
    if any(method.transductive for method in methods.values()):
        click.echo(
            "* fitted on the scored samples, too, without their labels, because the method cannot "
            "embed new samples"
        )
