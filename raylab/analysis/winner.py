"""Using a study: the winner as an object, its scores on a split, its embeddings as a table.

The test split is read by name only, and every reading is an event of the ledger.
"""

from __future__ import annotations

from raylab.data.dataset import Dataset
from raylab.errors import StudyError
from raylab.tracking.records import TrialRecord, best, front
from raylab.tracking.selections import drawn, ended_selection
from raylab.tracking.study import StudyFolder
from raylab.training.model import Model


def winner(study: StudyFolder, trial: str | None = None) -> TrialRecord:
    """The trial asked for; else the champion, where a selection (`raylab select`) has ended; else
    the best completed one by its validation score.

    Of several objectives: the one of the Pareto front with the best first objective (`said_choice`
    says so).
    """
    records = study.records()
    selection = ended_selection(study.ledger.read()) if trial is None else None
    trial = selection.champion if selection else trial
    if trial is None:
        found = best(records, *study.modes)
        if found is None:
            raise StudyError(
                f"{study.path}: no trial has completed",
                "Look at `raylab leaderboard` for the reasons.",
            )
        return found
    named = next((record for record in records if record.trial == trial), None)
    if named is None:
        raise StudyError(
            f"{study.path}: no trial '{trial}'",
            f"Its trials: {', '.join(r.trial for r in records)}.",
        )
    return named


def said_choice(study: StudyFolder) -> str | None:
    """Which trial `winner` takes where none is named, as a sentence; None where it goes without
    saying: the best by one objective, or no winner.
    """
    selection = ended_selection(study.ledger.read())
    if selection is not None:
        return (
            f"trial {selection.champion} is used: the champion of `raylab select` (rule "
            f"{selection.rule}), the median of the repetitions of trial {selection.of}"
        )
    if len(study.modes) < 2 or (found := best(records := study.records(), *study.modes)) is None:
        return None
    count = len(front(records, *study.modes))
    return (
        f"trial {found.trial} is used: of {count} on the Pareto front, the one with the best "
        f"{study.metrics[0]}"
    )


def unselected(study: StudyFolder) -> str | None:
    """What to know of a winner before the test split is read, where no selection has ended; of one
    trial, nothing.
    """
    if ended_selection(study.ledger.read()) is not None or len(drawn(study.records())) < 2:
        return None
    return "the winner was chosen by one seed's validation score; `raylab select` comes first"


def model_and_data(study: StudyFolder, record: TrialRecord) -> tuple[Model, Dataset]:
    dataset = Dataset(study.description["data"]["path"])
    if dataset.fingerprint != study.description["data"]["fingerprint"]:
        raise StudyError(
            f"{dataset.path}: not the data this study was made on (other fingerprint)",
            "Restore that dataset.",
        )
    return Model.load(study.model_folder(record.trial)), dataset
