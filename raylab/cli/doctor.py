"""The verb `doctor`: what is wrong with this machine, its Ray, or a study."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

import raylab
from raylab.cli.group import JSON, verb
from raylab.cli.show import console, print_json

_COLOURS = {"ok": "green", "warning": "yellow", "problem": "red"}


@verb("raylab doctor\nRAY_ADDRESS=head:6379 raylab doctor study --json")
@click.argument("study", required=False, type=click.Path(path_type=Path))
@JSON
def doctor(study: Path | None, as_json: bool) -> None:
    """Check tokens, versions, disks, clocks, Ray and, where one is named, a study.

    Exit code 1 where there is a problem; warnings are none.
    """
    found = raylab.doctor(study)
    if as_json:
        print_json([asdict(finding) for finding in found])
    else:
        _print(found)
    if any(finding.level == "problem" for finding in found):
        sys.exit(1)


def _print(found: list[Any]) -> None:
    from rich.markup import escape
    from rich.table import Table

    grid = Table("check", "", "found")
    for finding in found:
        remedy = f"\n[dim]{escape(finding.remedy)}[/]" if finding.remedy else ""
        colour = _COLOURS[finding.level]
        grid.add_row(finding.check, f"[{colour}]{finding.level}[/]", escape(finding.what) + remedy)
    console(stderr=False).print(grid)
