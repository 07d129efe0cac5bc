"""The winner of a study: the trial that is used where none is named."""

from __future__ import annotations

from collections.abc import Sequence

from raylab.config.explain import did_you_mean
from raylab.errors import StudyError
from raylab.tracking.records import TrialRecord, best
from raylab.tracking.selections import ended_selection
from raylab.tracking.study import StudyFolder


def winner(study: StudyFolder, trial: str | None = None) -> TrialRecord:
    """The record of the named trial, or of the study's winner.

    The winner is the champion of the last selection over seeds (`raylab select`) that has ended.
    Without a selection it is the best completed trial by its validation score; of several
    objectives, the trial of the Pareto front with the best first objective.

    Raises:
        StudyError: No such trial, no trial has completed, or the study is an answer.
    """
    records = study.records()
    selection = ended_selection(study.ledger.read()) if trial is None else None
    trial = selection.champion if selection else trial
    if trial is not None:
        return named_trial(study, records, trial)
    refuse_answer(study)
    record = best(records, *study.modes)
    if record is None:
        raise StudyError(
            f"{study.path}: no trial has completed",
            "`raylab leaderboard` shows why.",
        )
    return record


def refuse_answer(study: StudyFolder) -> None:
    """Raise where a study is an answer: its folds have trials of different samples, whose scores do
    not compare.

    Raises:
        StudyError: It is one.
    """
    if study.is_answer:
        raise StudyError(
            f"{study.path}: an answer has a best trial in each fold, and no winner of all trials",
            "Use what it recommends (`raylab report`, `raylab export`, `raylab.load`), or name one "
            "trial with --trial.",
        )


def named_trial(study: StudyFolder, records: list[TrialRecord], trial: str) -> TrialRecord:
    """The record of that name.

    Raises:
        StudyError: There is none.
    """
    record = next((record for record in records if record.trial == trial), None)
    if record is None:
        raise StudyError(
            f"{study.path}: no trial '{trial}'",
            _meant(trial, [record.trial for record in records]),
        )
    return record


def _meant(trial: str, known: Sequence[str]) -> str:
    """What was probably meant by the id of a trial that does not exist."""
    padded = trial.zfill(len(known[0])) if known else trial
    if padded in known:
        return f"Did you mean '{padded}'?"
    close = "" if trial.isdigit() else did_you_mean(trial, known)  # all numbers look alike
    return close if close.startswith("Did") else f"Its trials: {', '.join(known)}."
