"""sync: to be described."""

from __future__ import annotations

from pathlib import Path

from raylab.tracking.mlflow import Mirror, MirrorError
from raylab.tracking.records import best
from raylab.tracking.selections import ended_selection
from raylab.tracking.study import StudyFolder
from raylab.tuning.driver import Say


def sync(path: str | Path) -> StudyFolder:
    """Bring MLflow to what the ledger says, and register the winner, and the champion where there
    is one. MirrorError where MLflow cannot be reached.
    """
    from raylab.reporting.trial_figures import trial_figures

    study = StudyFolder.open(Path(path))
    mirror = Mirror(study, figures=trial_figures(study))
    mirror.sync()
    for trial, alias in _to_register(study).items():
        mirror.register(trial, alias=alias)
    return study


def register_winners(study: StudyFolder, say: Say) -> None:
    """In MLflow's registry: the best of the search as `best`, the champion of a selection as
    `champion`.
    """
    found = _to_register(study)
    if not found:
        say("no trial completed: there is no winner")
    try:
        for trial, alias in found.items():
            Mirror(study).register(trial, alias=alias)
    except MirrorError as error:
        say(
            f"the winner is not registered in MLflow yet ({error}): `raylab sync {study.path}` "
            "does it later"
        )


def _to_register(study: StudyFolder) -> dict[str, str]:
    """Trial -> alias."""
    winner, selection = best(study.records(), *study.modes), ended_selection(study.ledger.read())
    champion = {selection.champion: "champion"} if selection and selection.champion else {}
    return ({winner.trial: "best"} if winner else {}) | champion
