"""What a trial told its driver, kept beside its checkpoints: a killed driver may not have written
all of it down.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

REPORTS = "reports.jsonl"


def note_report(folder: Path, told: Mapping[str, Any]) -> None:
    """Add a round, before its checkpoint: where there is a checkpoint, all reports until then are
    here.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / REPORTS).open("a", encoding="utf-8") as file:
        file.write(json.dumps(told) + "\n")


def reports_before(folder: Path, *, step: int, piece: int) -> list[dict[str, Any]]:
    """Of each step below `step`, the last report; those of weights that were given up since
    (`piece`) left out.
    """
    found: dict[int, dict[str, Any]] = {}
    path = folder / REPORTS
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        try:
            told = json.loads(line)
        except ValueError:  # cut short with its process
            continue
        if told["piece"] == piece and told["steps"] < step:
            found[told["steps"]] = told
    return [found[at] for at in sorted(found)]
