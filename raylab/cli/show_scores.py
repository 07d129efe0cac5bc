"""What `evaluate` prints of scores that compare embeddings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from raylab.cli.show import console


def print_consistency(result: dict[str, Any]) -> None:
    from rich.table import Table

    grid = Table(
        "predicts",
        *result["names"],
        title=f"consistency between {result['between']}, {result['split']} split",
    )
    for name, row in zip(result["names"], result["matrix"]):
        grid.add_row(name, *(_number(value) for value in row))
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
            grid.add_row(label, metric, *map(_number, found))
    grid.add_row(
        "", "dimensions", *(str(found["dimensions"]) for found in result["methods"].values())
    )
    console(stderr=False).print(grid)
    if any(found["transductive"] for found in result["methods"].values()):
        click.echo(
            "* fitted on the scored samples as well, without their labels: it knows no other way"
        )


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
        grid.add_row(label, found["metric"], *map(_number, values))
    console(stderr=False).print(grid)
    click.echo(
        f"trial {result['trial']} trained again on {result['shuffles']} shuffles of "
        f"{', '.join(result['shuffled'])}"
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def print_alternatives(result: dict[str, Any], out: Path) -> None:
    from rich.table import Table

    from raylab.reporting.alternatives import UNVERIFIED, published, shown_metrics

    metrics, told = shown_metrics(result), published(result)
    title = (
        f"{result['over']}: mean of {result['seeds']} seeds (95 % interval), {result['steps']} "
        "steps each"
    )
    grid = Table("", *metrics, "numbers learnt", title=title)
    for name, one in result["alternatives"].items():
        cells = [_with_interval(one["metrics"].get(metric)) for metric in metrics]
        failed = f" ({one['failed']} failed)" if one["failed"] else ""
        grid.add_row(name + failed, *cells, f"{one['learnt']:,}")
    for name, figures in told.items():
        grid.add_row(
            f"{name} *", *(_number(figures.get(metric)) for metric in metrics), "", style="dim"
        )
    console(stderr=False).print(grid)
    if told:
        click.echo(f"* {UNVERIFIED}")
    click.echo(
        f"{out / 'scores' / 'alternatives.csv'}, alternatives.json and alternatives.png hold all "
        "metrics"
    )


def _with_interval(found: dict[str, Any] | None) -> str:
    if found is None:
        return "-"
    low, high = found["interval"] or (None, None)
    return (
        f"{found['mean']:.3g}" if low is None else f"{found['mean']:.3g} ({low:.3g} ... {high:.3g})"
    )
