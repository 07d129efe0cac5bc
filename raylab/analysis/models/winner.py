"""How the winner of a study was chosen, and the model and data of a trial."""

from __future__ import annotations

from pathlib import Path

from raylab.data.dataset import Dataset
from raylab.errors import StudyError
from raylab.tracking.records import TrialRecord, best, front
from raylab.tracking.selections import drawn, ended_selection
from raylab.tracking.study import ANSWER, StudyFolder
from raylab.training.model import Model


def describe_choice(study: StudyFolder) -> str | None:
    """A sentence that says which trial `winner` takes.

    None where nobody would ask: the best trial by one objective, or no winner.
    """
    selection = ended_selection(study.ledger.read())
    if selection is not None:
        return (
            f"trial {selection.champion} is used: the champion of `raylab select` (rule "
            f"{selection.rule}), the median of the repetitions of trial {selection.of}"
        )
    records = study.records()
    record = best(records, *study.modes) if len(study.modes) > 1 else None
    if record is None:
        return None
    return (
        f"trial {record.trial} is used: of {len(front(records, *study.modes))} on the Pareto "
        f"front, the one with the best {study.metrics[0]}"
    )


def unselected(study: StudyFolder) -> str | None:
    """A warning before the test split is read, where no selection over seeds has ended.

    None where a selection has ended, or where the study has only one trial.
    """
    if ended_selection(study.ledger.read()) is not None or len(drawn(study.records())) < 2:
        return None
    return "the winner was chosen by one seed's validation score; `raylab select` comes first"


def model_and_data(study: StudyFolder, record: TrialRecord) -> tuple[Model, Dataset]:
    """The model of a trial, and the dataset that it was trained on.

    Raises:
        StudyError: The dataset is no longer the one that the study was made on.
    """
    dataset = trial_dataset(study, record)
    return Model.load(study.model_folder(record.trial)), dataset


def trial_dataset(study: StudyFolder, record: TrialRecord) -> Dataset:
    """The dataset that a trial was trained on: of an answer, that of its fold."""
    if not study.is_answer:
        return study_dataset(study)
    fold = record.fold or 0
    if record.valid_fold is not None:
        return Dataset(study.rotation_path(fold, record.valid_fold))
    return _fold_dataset(study, fold)


def final_dataset(study: StudyFolder) -> Dataset:
    """The dataset on which the entrants of an answer are fitted at its end: that of the first fold,
    of which they use all samples.
    """
    return _fold_dataset(study, 0)


def study_dataset(study: StudyFolder) -> Dataset:
    """The dataset that the study was made on.

    Raises:
        StudyError: Another dataset is there now.
    """
    data = study.description["data"]
    return _unchanged(Path(data["path"]), data["fingerprint"])


def _fold_dataset(study: StudyFolder, fold: int) -> Dataset:
    return _unchanged(study.fold_path(fold), study.description[ANSWER]["fingerprints"][fold])


def _unchanged(path: Path, fingerprint: str) -> Dataset:
    dataset = Dataset(path)
    if dataset.fingerprint != fingerprint:
        raise StudyError(
            f"{dataset.path}: not the data that this study was made on (other fingerprint)",
            "Restore that dataset: scores of other data cannot be compared.",
        )
    return dataset
