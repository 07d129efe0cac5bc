"""What `doctor` reports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from raylab.cli.show.screen import console

if TYPE_CHECKING:
    from raylab.health.finding import Finding

_COLOURS = {"ok": "green", "warning": "yellow", "problem": "red"}


def print_findings(findings: Sequence[Finding]) -> None:
    """A row per check, with what to do about it."""
    from rich.markup import escape
    from rich.table import Table

    grid = Table("check", "", "found")
    for finding in findings:
        remedy = f"\n[dim]{escape(finding.remedy)}[/]" if finding.remedy else ""
        colour = _COLOURS[finding.level]
        grid.add_row(finding.check, f"[{colour}]{finding.level}[/]", escape(finding.what) + remedy)
    console(stderr=False).print(grid)
