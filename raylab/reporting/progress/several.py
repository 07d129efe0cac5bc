"""The studies of one folder together: a scaling study has one for each number of workers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from raylab.files import read_json
from raylab.reporting.progress.results import Progress

SCORES = Path("scores/scaling.json")  # written when all studies of the folder have ended


def studies_in(folder: Path) -> list[Path]:
    """The study of a folder; or the studies right below it, in the order in which they began."""
    if (folder / "study.json").is_file():
        return [folder]
    files = [path for path in folder.glob("*/study.json") if not path.parent.name.startswith(".")]
    return [path.parent for path in sorted(files, key=_created)]


def together(parts: Sequence[Progress], *, name: str, planned: int, complete: bool) -> Progress:
    """The last study, with the trials of all.

    Args:
        parts: Of the studies that have begun, in their order; at least one.
        name: What they are together.
        planned: How many studies there will be.
        complete: Whether nothing is left to do, for any of them.
    """
    last, missing = parts[-1], max(planned - len(parts), 0)
    state = last.state if last.state != "ended" or complete else "running"
    counts: dict[str, int] = {}
    for part in parts:
        for key, number in part.counts.items():
            counts[key] = counts.get(key, 0) + number
    totals = [part.total for part in parts if part.total is not None]
    whole = sum(totals) + missing * (last.total or 0) if len(totals) == len(parts) else None
    left_s = last.left_s
    if left_s is not None and missing:
        left_s += missing * (last.elapsed_s + left_s)
    return replace(
        last,
        study=name,
        state=state,
        phase=f"{last.phase}, {last.study}" if planned > 1 else last.phase,
        done=sum(part.done for part in parts),
        total=whole,
        counts=counts,
        elapsed_s=sum(part.elapsed_s for part in parts),
        left_s=left_s,
    )


def _created(path: Path) -> tuple[float, str]:
    described = read_json(path)
    created = described.get("created") if isinstance(described, dict) else None
    return float(created or 0.0), str(path)
