"""The verb `doctor`: what is wrong with this machine, its Ray, or a study."""

from __future__ import annotations

import sys
from pathlib import Path

import click

import raylab
from raylab.cli.group import JSON, PATH, verb
from raylab.cli.show.findings import print_findings
from raylab.cli.show.screen import print_json


@verb("raylab doctor\nRAY_ADDRESS=head:6379 raylab doctor study --json")
@click.argument("study", required=False, type=PATH)
@JSON
def doctor(study: Path | None, as_json: bool) -> None:
    """Check tokens, versions, disks, clocks, Ray and, if one is named, a study.

    The exit code is 1 if there is a problem; warnings do not change it.
    """
    findings = raylab.doctor(study)
    if as_json:
        print_json([finding.to_dict() for finding in findings])
    else:
        print_findings(findings)
    if any(finding.level == "problem" for finding in findings):
        sys.exit(1)
