"""Trials that an extension adds: longer trainings of trials, and failed trials again."""

from __future__ import annotations

from collections.abc import Sequence

from raylab.config.parse import parse_trial
from raylab.config.trial import TrialConfig
from raylab.errors import StudyError
from raylab.tracking.extensions import Addition
from raylab.tracking.records import TrialRecord
from raylab.tracking.study import StudyFolder
from raylab.tracking.winner import named_trial
from raylab.training.checkpoints import step_of
from raylab.training.updates.schedule import rates_differ
from raylab.tuning.extending import checkpoint_of, config_of


def failed_again(
    study: StudyFolder, records: Sequence[TrialRecord], additions: Sequence[Addition]
) -> tuple[Addition, ...]:
    """Every failed trial that no trial has the config of yet.

    Args:
        additions: Those of earlier extensions.

    Raises:
        StudyError: There is no such trial.
    """
    again = {addition.origin for addition in additions if addition.steps is None}
    failed = [record.trial for record in records if record.state == "failed" and record.of is None]
    if not failed:
        raise StudyError(f"{study.path}: no trial has failed", "There is nothing to run again.")
    waiting = tuple(Addition(trial) for trial in failed if trial not in again)
    if not waiting:
        raise StudyError(
            f"{study.path}: each failed trial runs again already",
            f"`raylab resume {study.path}` runs what is missing.",
        )
    return waiting


def trained_further(
    study: StudyFolder, records: Sequence[TrialRecord], trial: str, steps: int
) -> tuple[Addition, list[str]]:
    """A longer training of a trial, and notes of how it differs from one training.

    Args:
        steps: Counted from the start of the trial.

    Raises:
        ConfigError: The trial's config does not fit so many steps.
        StudyError: The trial cannot be trained further.
    """
    record = named_trial(study, list(records), trial)
    where = f"{study.path}: trial {trial}"
    _check_state(record, where)
    config = parse_trial(record.config, f"trial {trial}")
    if config.at_once:
        raise StudyError(
            f"{where}: its model is fitted in a single step, so more steps change nothing",
            "Extend the search instead: `--trials`.",
        )
    if not checkpoint_of(study, trial).is_file():
        raise StudyError(f"{where}: it has no checkpoint to go on from", "Name another trial.")
    trained = step_of(checkpoint_of(study, trial))
    if steps <= trained:
        raise StudyError(
            f"{where}: it has trained {trained} steps already",
            f"--steps counts from the start: name more than {trained}.",
        )
    addition = Addition(trial, steps)
    _check_new(addition, records, where)
    config_of(record, steps)
    notes = [
        f"trial {trial} is trained further as a new trial, from step {trained} to step {steps}",
        *_differences(config, trained, steps),
    ]
    return addition, notes


def _check_state(record: TrialRecord, where: str) -> None:
    if record.of is not None:
        raise StudyError(
            f"{where}: it repeats trial {record.of} with another seed",
            f"Train that one further: {record.of}.",
        )
    if record.state == "running":
        raise StudyError(f"{where}: it still runs", "Wait until it ends, or stop it first.")
    if record.state == "failed":
        raise StudyError(
            f"{where}: it failed ({record.error})", "`--rerun-failed` runs failed trials again."
        )
    if record.state == "completed" and record.stopped:
        raise StudyError(
            f"{where}: {record.stopped}; with more steps it would end at the same step",
            "Train its config anew with a longer training.early_stopping.patience.",
        )


def _check_new(addition: Addition, records: Sequence[TrialRecord], where: str) -> None:
    same = [record for record in records if Addition.of(record) == addition]
    alive = next((record for record in same if record.state != "failed"), None)
    if alive is not None:
        raise StudyError(
            f"{where}: trial {alive.trial} trains it to step {addition.steps} already",
            "Name another number of steps.",
        )


def _differences(config: TrialConfig, trained: int, steps: int) -> list[str]:
    """How the result will differ from that of a single training of so many steps."""
    before, schedule = config.training.max_steps, config.optimizer.schedule
    notes = []
    if rates_differ(schedule, until=trained, steps=before, other=steps):
        notes.append(
            f"the learning rates of optimizer.schedule '{schedule.kind}' depend on "
            f"training.max_steps: the first {trained} steps had those of {before} steps, the "
            f"others get those of {steps}, so the result is not that of {steps} steps in one go"
        )
    if trained % config.training.interval:
        notes.append(
            f"step {trained}, from which it goes on, is not one at which a training of {steps} "
            f"steps is validated (every {config.training.interval}): random parts of a model, such "
            "as dropout, differ from one training in one go"
        )
    return notes
