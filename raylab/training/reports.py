"""What a trial reports after each validation, kept beside its checkpoints: a driver that is killed
may not have recorded all of it.
"""

from __future__ import annotations

import json
import traceback
from pathlib import Path
from typing import NotRequired, TypedDict

from raylab.errors import RaylabError

REPORTS = "reports.jsonl"


class Kept(TypedDict):
    """The validation whose model is kept, with its metrics."""

    step: int
    metrics: dict[str, float]


class Report(TypedDict):
    """What a trial reports after a validation.

    Attributes:
        steps: The step of the validation.
        kept: Present where the kept model may be that of an earlier validation.
        stopped: The reason, where training ended before its last step.
    """

    steps: int
    metrics: dict[str, float]
    done: bool
    kept: NotRequired[Kept]
    stopped: NotRequired[str]


class StoredReport(Report):
    """A report as the trial's folder has it.

    Attributes:
        time: When it was written, in seconds since the epoch.
        piece: The piece of its trial that it is about; see `TrialJob`.
    """

    time: float
    piece: int


def store_report(folder: Path, report: StoredReport) -> None:
    """Append a report. It is written before the checkpoint of the same step, so that a checkpoint
    always comes with all reports until then.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / REPORTS).open("a", encoding="utf-8") as file:
        file.write(json.dumps(report) + "\n")


def reports_before(folder: Path, *, step: int, piece: int) -> list[StoredReport]:
    """The last report of each step below `step`, in their order. Reports of other pieces are left
    out: the trial has given up those weights since.
    """
    reports: dict[int, StoredReport] = {}
    path = folder / REPORTS
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        try:
            report: StoredReport = json.loads(line)
        except ValueError:  # the process was killed while it wrote this line
            continue
        if report["piece"] == piece and report["steps"] < step:
            reports[report["steps"]] = report
    return [reports[at] for at in sorted(reports)]


def explain(error: Exception, folder: Path) -> str:
    """Why a trial ended, in one line. The traceback of an unexpected error goes to the trial's
    folder.
    """
    if isinstance(error, RaylabError):
        return " ".join(str(error).split())
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "error.txt").write_text(traceback.format_exc())
    return (
        f"{type(error).__name__}: {' '.join(str(error).split())[:300]} (traceback in "
        f"{folder.name}/error.txt)"
    )
