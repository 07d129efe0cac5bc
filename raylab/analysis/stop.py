"""A user's request to stop a study, or some of its trials."""

from __future__ import annotations

from collections.abc import Sequence

from raylab.errors import StudyError
from raylab.paths import AnyPath
from raylab.tracking.records import TrialRecord
from raylab.tracking.requests import Request, ask, driver_at_work, study_at_work
from raylab.tracking.study import StudyFolder
from raylab.tracking.winner import named_trial
from raylab.tuning.say import Say

LATER = (
    "the driver has not taken the request yet: it will when it next looks, unless it ends before"
)


def stop(path: AnyPath, *trials: str, say: Say = print) -> bool:
    """Stop a study that runs in another process, or some of its trials.

    A trial ends at its next validation, as pruned by the user. It keeps its model and its score, it
    is not resumed, and the search draws the next one. Without trials, the driver of the study ends
    as by Ctrl-C: open trials are interrupted, and `raylab.resume` continues them.

    Args:
        path: The study's folder. It may be on another machine that the driver also sees.
        trials: The ids of trials that run; none for the whole study.
        say: Receives a line when the driver has taken the request.

    Returns:
        Whether the driver has taken the request. If not, the request waits for it: a driver looks
        for requests when its trials begin.

    Raises:
        StudyError: No driver is at work on the study, there is no such trial, or it does not run.

    Example:
        >>> try:
        ...     raylab.stop("study", "0001")
        ... except raylab.RaylabError as error:
        ...     print(error.what.partition(": ")[2])
        no driver is at work on this study, which has ended
    """
    folder = StudyFolder.open(path)
    study = study_at_work(folder)
    driver, records = driver_at_work(study), study.records()
    for trial in trials:
        _check_runs(study, named_trial(study, records, trial))
    chosen = tuple(dict.fromkeys(trials))
    taken = ask(study, Request("stop", driver, trials=chosen))
    say(f"{study.name}: {_done(folder, chosen) if taken else LATER}")
    return taken


def _check_runs(study: StudyFolder, record: TrialRecord) -> None:
    if record.state == "running":
        return
    remedy = "Only a trial that runs can be stopped: `raylab leaderboard` shows which do."
    if record.state == "interrupted":
        remedy = "It waits to be run again; `raylab stop` takes it when it runs."
    raise StudyError(f"{study.path}: trial {record.trial} does not run: {record.state}", remedy)


def _done(study: StudyFolder, trials: Sequence[str]) -> str:
    if not trials:
        return f"the driver ends now; `raylab resume {study.path}` goes on"
    if len(trials) == 1:
        return f"trial {trials[0]} ends at its next validation"
    return f"trials {', '.join(trials)} end at their next validations"
