"""What `doctor` reports."""

from __future__ import annotations

from typing import Any

from raylab.cli.show.screen import console

_COLOURS = {"ok": "green", "warning": "yellow", "problem": "red"}


def print_findings(found: list[Any]) -> None:
    from rich.markup import escape
    from rich.table import Table

    grid = Table("check", "", "found")
    for finding in found:
        remedy = f"\n[dim]{escape(finding.remedy)}[/]" if finding.remedy else ""
        colour = _COLOURS[finding.level]
        grid.add_row(finding.check, f"[{colour}]{finding.level}[/]", escape(finding.what) + remedy)
    console(stderr=False).print(grid)
