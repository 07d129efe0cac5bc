"""The verb `sync`: brings MLflow up to date with a study's ledger."""

from __future__ import annotations

import os
from itertools import islice

from raylab.reporting.study import Study
from raylab.tracking.mlflow.client import MirrorError
from raylab.tracking.mlflow.mirror import Mirror
from raylab.tracking.records import best
from raylab.tracking.selections import ended_selection
from raylab.tracking.study import StudyFolder
from raylab.tuning.say import Say


def sync(path: str | os.PathLike[str]) -> Study:
    """Write to MLflow what the ledger of a study has and MLflow lacks, and register its winner.

    Args:
        path: The folder of the study.

    Returns:
        The study.

    Raises:
        StudyError: There is no study.
        MirrorError: MLflow cannot be reached.

    Example:
        >>> raylab.sync("study").name
        'study'
    """
    from raylab.reporting.trial_figures import trial_figures  # slow: it imports plotly

    study = Study.open(path)
    mirror = Mirror(study, figures=trial_figures(study))
    mirror.sync()
    for trial, alias in aliases(study).items():
        mirror.register(trial, alias=alias)
    return study


def register_winners(study: StudyFolder, say: Say, mirror: Mirror | None = None) -> None:
    """Register the winner of a study in MLflow, and say so where that fails.

    Args:
        mirror: The mirror of this study, where there is one that knows what MLflow has.
    """
    registered = aliases(study)
    if not registered:
        say("no trial completed: there is no winner")
    try:
        for trial, alias in registered.items():
            (mirror or Mirror(study)).register(trial, alias=alias)
    except MirrorError as error:
        say(
            f"the winner is not registered in MLflow yet ({error}): `raylab sync {study.path}` "
            "does it later"
        )


def aliases(study: StudyFolder) -> dict[str, str]:
    """The trials to register in MLflow, each with its alias there.

    The best trial of the search is `best`, the champion of a selection (`raylab select`) is
    `champion`. Of an answer, the first fit of the recommended entrant on all samples is
    `recommended`.
    """
    if study.is_answer:
        finals = (record for record in study.records() if record.is_final)
        return {record.trial: "recommended" for record in islice(finals, 1)}
    winner, selection = best(study.records(), *study.modes), ended_selection(study.ledger.read())
    champion = {selection.champion: "champion"} if selection and selection.champion else {}
    return ({winner.trial: "best"} if winner else {}) | champion
