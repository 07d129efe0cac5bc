"""resume: to be described."""

from __future__ import annotations

from pathlib import Path

from raylab.tracking.events import SearchStopped
from raylab.tracking.records import is_ended
from raylab.tracking.selections import drawn, selections
from raylab.tracking.study import StudyFolder
from raylab.tuning.driver import Say
from raylab.tuning.outcome import ENDED
from raylab.tuning.planning.study_plan import connect_for
from raylab.tuning.run import _run, planned


def resume(path: str | Path, *, say: Say = print) -> StudyFolder:
    """Finish a study: interrupted trials go on from their last checkpoint, missing ones are drawn.

    So with a selection (`raylab select`) that is under way.
    """
    study = StudyFolder.open(Path(path))
    known = selections(study.ledger.read())
    if known and not known[-1].ended:
        from raylab.analysis.select import finish  # it runs on what is here

        finish(study, say)
        return study
    plan = planned(study)
    trials, events = drawn(study.records()), study.ledger.read()
    ended = [record for record in trials if record.state in ENDED]
    stopped = len(ended) == len(trials) and any(
        isinstance(event, SearchStopped) for event in events
    )
    missing = 0 if stopped else max(0, plan.space.budget.trials - len(ended))
    if not missing and is_ended(events) and study.report_path.exists():
        say(f"{study.name}: all {len(ended)} trials have ended; nothing to resume")
        return study
    slots = connect_for(plan.space.resources, missing) if missing else 0
    _run(study, plan, slots, say)
    return study
