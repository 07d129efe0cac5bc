"""The run of a study in MLflow: the best score over time, files, and what was chosen."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from raylab.files import digest, file_digest
from raylab.tracking.extensions import extent
from raylab.tracking.mlflow.connection import Connection
from raylab.tracking.mlflow.datasets import dataset_input
from raylab.tracking.mlflow.stored_run import StoredRun
from raylab.tracking.records import Mode, TrialRecord, best, best_so_far, front
from raylab.tracking.selections import drawn, ended_selection
from raylab.tracking.study import StudyFolder

_RESULTS = (
    "leaderboard.csv",
    "baselines.json",
    "evaluation-valid.json",
    "evaluation-test.json",
    "scores/selection.json",
    "scores/selection.png",
    "report.html",
)


def sync_study(
    study: StudyFolder, connection: Connection, trials: list[TrialRecord], *, status: str
) -> None:
    """Bring the run of the study to the state of its trials."""
    modes: tuple[Mode, ...] = study.modes or ("max",)
    winner = best(trials, *modes)
    connection.parent.log_dataset(dataset_input(study))
    curve = enumerate(best_so_far(trials, modes[0]), start=1)
    points = [("best_score", score, round(time * 1000), count) for count, (time, score) in curve]
    _study_files(study, connection.parent, with_results=status != "RUNNING")
    tags = {"raylab.trials": str(len(drawn(trials))), **_extension_tags(study)}
    if winner:
        tags["raylab.best_trial"] = winner.trial
    selection = ended_selection(study.ledger.read())
    if selection and selection.champion:
        tags["raylab.champion"] = selection.champion
    if len(modes) > 1:
        tags["raylab.front"] = ", ".join(record.trial for record in front(trials, *modes))
    connection.parent.log(points=points, tags=tags)
    last = (
        max((record.ended or 0.0 for record in trials), default=0.0) or study.description["created"]
    )
    connection.parent.set_status(status, None if status == "RUNNING" else round(last * 1000))


def _extension_tags(study: StudyFolder) -> dict[str, str]:
    """What extensions made of the study; nothing where it was not extended."""
    reach = extent(study.ledger.read(), trials=0)
    tags = {
        "raylab.extended_to_trials": reach.trials,
        "raylab.extended_to_hours": reach.hours,
        "raylab.added_trials": len(reach.additions),
    }
    return {name: f"{value:g}" for name, value in tags.items() if value}


def _study_files(study: StudyFolder, parent: StoredRun, *, with_results: bool) -> None:
    names = ("space.yaml", *(_RESULTS if with_results else ()))
    paths = [path for name in names if (path := study.path / name).is_file()]
    signature = digest({path.name: file_digest(path) for path in paths})
    if parent.tags.get("raylab.files") == signature:
        return
    environment = {name: study.description.get(name) for name in ("raylab", "packages", "git")}
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "environment.json"
        written.write_text(json.dumps(environment, indent=2))
        for path in (written, *paths):
            parent.log_file(path)
    parent.log_tags({"raylab.files": signature})
