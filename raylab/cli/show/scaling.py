"""Speeds, scores and laws of a scaling study."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from raylab.cli.show.screen import console


def print_scaling(found: dict[str, Any], out: Path) -> None:
    from rich.table import Table

    from raylab.reporting.tables.scaling import law_text

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
        score = _with_interval(point["score"], 3, interval=True) + failed
        speeds = [
            _with_interval(point[name], 3)
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


def _with_interval(found: dict[str, Any] | None, digits: int, *, interval: bool = False) -> str:
    if found is None:
        return "-"
    mean = f"{found['mean']:,.0f}" if abs(found["mean"]) >= 1000 else f"{found['mean']:.{digits}g}"
    low, high = found["interval"] or (None, None)
    return (
        f"{mean} ({low:.{digits}g} ... {high:.{digits}g})" if interval and low is not None else mean
    )
