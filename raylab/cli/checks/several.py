"""The options of `leaderboard` and `report`, which compare several studies."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from raylab.cli.checks.data import check_label, dataset_of
from raylab.cli.checks.outputs import new_output, writable_study
from raylab.cli.checks.studies import check_trial, distinct, opened
from raylab.errors import StudyError
from raylab.tracking.study import StudyFolder


def check_leaderboard(
    paths: Sequence[Path], *, label: str | None, split: str | None, by: str | None, out: Path | None
) -> None:
    """Check all options of `leaderboard`.

    Raises:
        RaylabError: A study or label does not exist, studies cannot be compared, or `out` cannot
            be written.
    """
    new_output(out)
    if len(paths) > 1 or label or split or by or out:
        _check_compared(paths, label, counted=split == "test")
    else:
        opened(paths[0])


def check_report(paths: Sequence[Path], *, label: str | None, out: Path | None) -> None:
    """Check all options of `report`.

    Raises:
        RaylabError: As of `check_leaderboard`; or the report of one study cannot be written.
    """
    if len(paths) == 1 and out is None and label is None:
        writable_study(opened(paths[0]))
        return
    if out is None:
        raise StudyError(
            "the report of several studies is not written to any of their folders",
            "Name a file with --out.",
        )
    new_output(out)
    _check_compared(paths, label, counted=False)


def _check_compared(paths: Sequence[Path], label: str | None, *, counted: bool) -> None:
    """Check that studies can be ranked by one label.

    Args:
        counted: Whether a reading of the test split is recorded in each study.
    """
    studies = distinct(paths)
    for study in studies:
        check_trial(study, None)
        if counted:
            writable_study(study)
    check_label(dataset_of(studies[0]), label or _shared_label(studies))


def _shared_label(studies: Sequence[StudyFolder]) -> str:
    """The label that all studies decode.

    Raises:
        StudyError: They decode different labels, or one decodes none.
    """
    first = studies[0]
    for study in studies:
        own = study.description["label"]
        if own is None:
            raise StudyError(
                f"{study.path}: the study decodes no label", "Name a label with --label."
            )
        if own != first.description["label"]:
            raise StudyError(
                f"{first.path} decodes '{first.description['label']}', {study.path} '{own}'",
                "Name one label with --label.",
            )
    return str(first.description["label"])
