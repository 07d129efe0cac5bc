"""The verb `reproduce`: a trial rebuilt from its record."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

import raylab
from raylab.cli.group import JSON, STUDY, verb
from raylab.cli.show import print_json


@verb("raylab reproduce study 0003")
@STUDY
@click.argument("trial")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Keep the rebuilt trial in this folder; must not exist.",
)
@click.option(
    "--tolerance",
    type=click.FloatRange(0),
    help="Relative; default: none in the study's own environment, else 1e-4.",
)
@JSON
def reproduce(
    study: Path, trial: str, out: Path | None, tolerance: float | None, as_json: bool
) -> None:
    """Train a trial anew from its record, and compare score and weights. Exit code 1 where they are
    not the same.
    """
    found = raylab.reproduce(study, trial, out=out, tolerance=tolerance)
    if as_json:
        print_json(found)
    else:
        click.echo("\n".join(lines(found)))
    if not found["same"]:
        sys.exit(1)


def lines(found: Mapping[str, Any]) -> list[str]:
    """What `raylab.reproduce` returns, for people."""
    score, weights = found["score"], found["weights"]
    within = f"within {found['tolerance']:g}, relative" if found["tolerance"] else "to the bit"
    largest = (
        "equal to the bit"
        if weights["equal"]
        else f"differ by up to {weights['largest_difference']:.3g}"
    )
    said = [
        f"trial {found['trial']}: {'the same' if found['same'] else 'NOT the same'} at step "
        f"{found['step']} ({within})",
        f"score     {score['recorded']!r} recorded, {score['rebuilt']!r} rebuilt",
        f"weights   {largest}",
    ]
    said += [
        f"metric    {name}: {then} recorded, {now} rebuilt"
        for name, (then, now) in found["metrics"].items()
    ]
    said += [
        f"differs   {name}: {then} then, {now} now"
        for name, (then, now) in found["environment"].items()
    ]
    return said
