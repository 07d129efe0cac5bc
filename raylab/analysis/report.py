"""The report of one study, or one page that compares several."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from raylab.analysis.rank import rank
from raylab.errors import StudyError
from raylab.files import write_text
from raylab.reporting.charts.progress import course
from raylab.reporting.comparison_page import comparison_page
from raylab.tracking.study import StudyFolder
from raylab.tuning.study_report import report as report_of_one


def report(
    studies: str | Path | Sequence[str | Path],
    *,
    out: str | Path | None = None,
    label: str | None = None,
) -> Path:
    """Write leaderboard.csv and the self-contained report.html of one study; or, of several, one
    page at `out`.

    The page has the ranking on validation (`raylab.leaderboard` of several studies), its scores
    with intervals, and the best score so far of each search, against trials and against seconds. It
    reads no test split.

    Args:
        label: Of several studies: what the ranking decodes; default: the label that all decode.

    Raises:
        StudyError: studies that do not compare, with what differs; `out` is missing or there.
    """
    if isinstance(studies, str | Path):
        studies = [studies]
    if len(studies) == 1 and out is None and label is None:
        return report_of_one(studies[0])
    if out is None:
        raise StudyError(
            "a report of several studies belongs to none of their folders",
            "Name a file with --out.",
        )
    if Path(out).exists():
        raise StudyError(f"{out}: already there", "Choose another --out, or remove it.")
    result = rank(list(studies), label=label)
    folders = [StudyFolder.open(Path(path)) for path in studies]
    courses = [
        course(one.path.name, one.records(), metric=one.metrics[0], mode=one.modes[0])
        for one in folders
    ]
    write_text(Path(out), comparison_page(result, courses))
    return Path(out)
