"""An interrupted study, finished."""

from __future__ import annotations

from raylab.analysis.answering.planning.question import Question
from raylab.analysis.answering.run import run_answer
from raylab.analysis.answering.searching.clock import Clock
from raylab.analysis.selection.run import finish
from raylab.paths import AnyPath
from raylab.reporting.notebooks.watched import watched
from raylab.reporting.study import Study
from raylab.tracking.drivers import worked_seconds
from raylab.tracking.events import ENDED, Event
from raylab.tracking.extensions import is_stopped
from raylab.tracking.records import is_ended
from raylab.tracking.selections import drawn, selections
from raylab.tracking.study import StudyFolder
from raylab.tuning.extending import extent_of
from raylab.tuning.planning.study_plan import Plan, connect_for
from raylab.tuning.run import plan_of, run_study
from raylab.tuning.say import Say


def resume(path: AnyPath, *, say: Say | None = None) -> Study:
    """Finish a study that was interrupted.

    Interrupted trials continue from their last checkpoints and missing trials are drawn, so the
    study reaches the result of an uninterrupted one. An unfinished selection (`raylab.select`) is
    finished as well, and so are extensions (`raylab.extend`). An answer (`raylab.answer`) goes on
    with what is left of its minutes. A study that has ended is left as it is.

    Args:
        path: The study's folder.
        say: Receives lines of progress. Default: in a notebook a view that follows the study,
            elsewhere `print`.

    Returns:
        The study.

    Raises:
        StudyError: The folder is not a study, or its dataset is not the one it was made on.

    Example:
        >>> study = raylab.resume("study", say=print)
        study: all 2 trials have ended; nothing to resume
    """
    study = Study.open(path)
    with watched(study, say) as listener:
        if study.is_answer:
            _resume_answer(study, listener)
        else:
            _resume_search(study, listener)
    return study


def _resume_search(study: Study, say: Say) -> None:
    """Finish a selection over seeds, or what is missing of the search."""
    known = selections(study.ledger.read())
    if known and not known[-1].ended:
        finish(study, say)
        return
    events = study.ledger.read()
    plan = plan_of(study, runs=not is_ended(events))
    missing = missing_trials(study, plan, events)
    if not missing and is_ended(events) and study.report_path.exists():
        ended = sum(record.state in ENDED for record in drawn(study.records()))
        say(f"{study.name}: all {ended} trials have ended; nothing to resume")
        return
    slots = connect_for(plan.space.resources, missing) if missing else 0
    run_study(study, plan, slots, say)


def missing_trials(study: StudyFolder, plan: Plan, events: list[Event]) -> int:
    """How many trials of a search have not ended, those that extensions added included."""
    trials = drawn(study.records())
    ended = sum(record.state in ENDED for record in trials)
    if ended == len(trials) and is_stopped(events):
        return 0
    return max(0, extent_of(plan, events).total - ended)


def _resume_answer(study: Study, say: Say) -> None:
    """Finish an answer; the time that earlier drivers worked counts against its budget."""
    events = study.ledger.read()
    written = study.answer_path.is_file() and study.report_path.is_file()
    if is_ended(events) and written:
        say(f"{study.name}: the answer is complete; nothing to resume")
        return
    clock = Clock(Question.of(study).minutes, worked_s=worked_seconds(events))
    run_answer(study, clock, say)
