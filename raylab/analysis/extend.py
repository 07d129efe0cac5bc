"""More trials, more time or more steps for a study."""

from __future__ import annotations

from collections.abc import Sequence

from raylab.analysis.extension.draws import more_draws
from raylab.analysis.extension.trials import failed_again, trained_further
from raylab.analysis.resume import missing_trials
from raylab.analysis.stop import LATER
from raylab.errors import ConfigError, StudyError
from raylab.paths import AnyPath
from raylab.reporting.notebooks.watched import watched
from raylab.reporting.study import Study
from raylab.tracking.events import ENDED
from raylab.tracking.records import TrialRecord
from raylab.tracking.requests import Request, ask, driver_at_work
from raylab.tracking.selections import selections
from raylab.tracking.study import StudyFolder
from raylab.tuning.extending import Extension, extent_of
from raylab.tuning.planning.study_plan import Plan, connect_for
from raylab.tuning.run import plan_of, run_study
from raylab.tuning.say import Say


def extend(
    path: AnyPath,
    trial: str | None = None,
    *,
    trials: int | None = None,
    hours: float | None = None,
    steps: int | None = None,
    rerun_failed: bool = False,
    say: Say | None = None,
) -> Study:
    """Give a study more to do, and do it.

    The study may have ended, or been interrupted; then what was missing is run as well. If a driver
    is at work on it, that driver takes the extension over, and this call returns at once. What was
    added is recorded first: after an interruption, `raylab.resume` goes on with it.

    A search that a target had ended goes on in spite of it, and a plateau is counted anew.

    Args:
        path: The study's folder.
        trial: The trial that is trained further; see `steps`.
        trials: How many more trials the search draws.
        hours: How many more hours the search may take, where its budget has `hours`.
        steps: Train `trial` until this step, as a new trial that begins from its last checkpoint.
            The new trial's record names the old one (`origin`). The result equals that of one
            training of so many steps, unless the learning-rate schedule depends on
            `training.max_steps`; a line says so.
        rerun_failed: Run the config of each failed trial again, as a new trial.
        say: Receives lines of progress. Default: in a notebook a view that follows the study,
            elsewhere `print`.

    Returns:
        The study.

    Raises:
        ConfigError: The arguments do not belong together, or a config does not fit so many steps.
        StudyError: The study cannot be extended so.

    Example:
        >>> study = raylab.extend("study", trials=1, say=lambda line: None)
        >>> [record.state for record in study.records() if record.of is None]
        ['completed', 'completed', 'completed']
        >>> study = raylab.extend("study", "0000", steps=40, say=lambda line: None)
        >>> study.records()[-1].origin
        '0000'
    """
    _check_arguments(trial, trials, hours, steps, rerun_failed)
    study = Study.open(path)
    _check_study(study)
    live, plan = study.is_live(), plan_of(study)
    records = study.records()
    _check_population(study, plan, records, added=steps is not None or rerun_failed)
    extension, notes = Extension(), list[str]()
    if trials or hours:
        extension, notes = more_draws(study, plan, records, trials=trials or 0, hours=hours or 0.0)
    if rerun_failed:
        known = extent_of(plan, study.ledger.read()).additions
        again = failed_again(study, records, known)
        names = ", ".join(addition.origin for addition in again)
        extension, notes = extension.with_added(again), [*notes, f"run again: trial {names}"]
    if trial is not None and steps is not None:
        addition, more = trained_further(study, records, trial, steps)
        extension, notes = extension.with_added([addition]), [*notes, *more]
    with watched(study, say) as listener:
        for note in notes:
            listener(f"note: {note}")
        if live:
            _ask(study, extension, listener)
        else:
            _run(study, plan, extension, listener)
    return study


def _check_arguments(
    trial: str | None,
    trials: int | None,
    hours: float | None,
    steps: int | None,
    rerun_failed: bool,
) -> None:
    if (trial is None) != (steps is None):
        missing = "which trial" if trial is None else "until which step"
        raise ConfigError(
            f"extend: {missing} to train further is not said",
            "For example: `raylab extend STUDY 0003 --steps 6000`.",
        )
    if not (trials or hours or steps or rerun_failed):
        raise ConfigError(
            "extend: nothing is added",
            "Use --trials N, --hours N, --rerun-failed or TRIAL --steps N.",
        )
    for name, value in {"trials": trials, "hours": hours, "steps": steps}.items():
        if value is not None and value <= 0:
            raise ConfigError(f"extend: {name} {value:g}: above 0 is needed", "Name how many more.")


def _check_study(study: StudyFolder) -> None:
    if study.is_answer:
        raise StudyError(
            f"{study.path}: an answer searches for as many minutes as it was given, and reads its "
            "test parts once",
            "Ask again with more `--minutes`, into another folder.",
        )
    known = selections(study.ledger.read())
    if known and not known[-1].ended:
        raise StudyError(
            f"{study.path}: a selection over seeds (`raylab select`) is unfinished",
            f"Finish it first: `raylab resume {study.path}`.",
        )


def _check_population(
    study: StudyFolder, plan: Plan, records: Sequence[TrialRecord], *, added: bool
) -> None:
    """Members of a population do not run alone: one that failed has left it."""
    if not (added and plan.space.scheduler.is_population):
        return
    ended = sum(record.state in ENDED for record in records if record.of is None)
    if ended < plan.space.budget.trials:
        raise StudyError(
            f"{study.path}: its population is not complete",
            f"Finish it first: `raylab resume {study.path}`.",
        )


def _ask(study: StudyFolder, extension: Extension, say: Say) -> None:
    """Hand an extension to the driver at work."""
    driver = driver_at_work(study)
    taken = ask(study, Request("extend", driver, extension=extension.to_dict()))
    say(f"{study.name}: {'the driver at work goes on with it' if taken else LATER}")


def _run(study: StudyFolder, plan: Plan, extension: Extension, say: Say) -> None:
    events = study.ledger.read()
    event = extension.event(extent_of(plan, events))
    missing = missing_trials(study, plan, [*events, event])
    slots = connect_for(plan.space.resources, missing)
    with study.hold():
        study.ledger.append(event)
    run_study(study, plan, slots, say)
