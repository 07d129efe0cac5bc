"""The report of one study, or one page that compares several."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from raylab.analysis.rank import rank
from raylab.errors import StudyError
from raylab.files import write_text
from raylab.paths import AnyPath, local_path
from raylab.reporting.charts.progress import course
from raylab.reporting.comparison_page import comparison_page
from raylab.tracking.study import StudyFolder
from raylab.tuning.study_report import report as write_study_report


def report(
    studies: AnyPath | Sequence[AnyPath],
    *,
    out: str | Path | None = None,
    label: str | None = None,
) -> Path:
    """Write the report of one study, or one page that compares several.

    The report of one study is leaderboard.csv and a self-contained report.html in its folder. The
    page of several studies has their ranking on validation (`raylab.rank`), scores with intervals,
    and the best score so far of each search against trials and against seconds. Neither reads the
    test split.

    Args:
        studies: The folder of a study, or several.
        out: The page of several studies; it must not exist yet.
        label: What the ranking of several studies decodes. Default: the label that all decode.

    Returns:
        The HTML file.

    Raises:
        StudyError: The studies cannot be compared (the message says what differs), or `out` is
            missing or exists.

    Example:
        >>> raylab.report("study").name
        'report.html'
    """
    if isinstance(studies, str | os.PathLike):
        studies = [studies]
    if len(studies) == 1 and out is None and label is None:
        return write_study_report(studies[0])
    if out is None:
        raise StudyError(
            "the report of several studies is not written to any of their folders",
            "Name a file with --out.",
        )
    if local_path(out).exists():
        raise StudyError(f"{out}: already exists", "Choose another --out, or remove it.")
    ranking = rank(list(studies), label=label)
    folders = [StudyFolder.open(Path(path)) for path in studies]
    courses = [
        course(study.path.name, study.records(), metric=study.metrics[0], mode=study.modes[0])
        for study in folders
    ]
    write_text(local_path(out), comparison_page(ranking.to_dict(), courses))
    return local_path(out)
