"""The driver of a study: it runs trials and records each in the ledger."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from raylab.files import no_room
from raylab.tracking.events import ENDED, SearchStopped, TrialEnded, TrialReported
from raylab.tracking.records import TrialRecord
from raylab.tracking.study import StudyFolder
from raylab.tuning.control import Control
from raylab.tuning.drawing.fixed import FixedSearch, Repeat
from raylab.tuning.job import TrialSetup, trial_setup
from raylab.tuning.planning.study_plan import Plan
from raylab.tuning.say import Say
from raylab.tuning.tune_run import run_tune
from raylab.tuning.under_way import Progress, SearchUnderWay

if TYPE_CHECKING:
    from ray.tune.schedulers.trial_scheduler import TrialScheduler


def run_trials(
    study: StudyFolder, plan: Plan, *, slots: int, say: Say, on_end: Callable[[], None]
) -> None:
    """Run what is missing of a search: first interrupted trials, then those that extensions added,
    then new draws.

    Args:
        slots: How many trials run at the same time; 0 where no trial is missing.
        say: Receives a line of text per trial.
        on_end: Called after each trial's end is in the ledger.

    Raises:
        KeyboardInterrupt: The search was stopped or paused. Every open trial is recorded as
            interrupted.
    """
    search = SearchUnderWay(study, plan, say, on_end)
    searcher = search.searcher
    # Also where no trial is missing: a killed driver may not have told Optuna of every end.
    searcher.requeue(search.known)
    if not slots:
        return
    with open_trials_recorded(study):
        run_tune(
            study,
            searcher,
            resources=plan.space.resources,
            slots=slots,
            scheduler=_scheduler(study, plan, search.known),
            control=search.control,
            on_end=search.end,
        )
    reason = search.stopping.reason()
    if search.incomplete and (reason is None or searcher.at_work):
        raise search.control.interruption()
    if search.incomplete:
        say(f"no more trials are begun: {reason}")
        study.ledger.append(SearchStopped(reason=reason))


def run_repeats(
    study: StudyFolder,
    plan: Plan,
    repeats: Sequence[Repeat],
    *,
    slots: int,
    say: Say,
    on_end: Callable[[], None],
) -> None:
    """Train fixed configs as trials of the study. Those that have ended are not trained again.

    Args:
        slots: How many trials run at the same time.
        say: Receives a line of text per trial.
        on_end: Called after each trial's end is in the ledger.

    Raises:
        KeyboardInterrupt: The training was stopped. Every open trial is recorded as interrupted.
    """
    known = {record.trial: record for record in study.records()}
    ended = {trial for trial, record in known.items() if record.state in ENDED}
    missing = [repeat for repeat in repeats if repeat.trial not in ended]
    if not missing:
        return
    done = len(repeats) - len(missing)
    progress = Progress(say, on_end, total=len(repeats), done=done, metrics=study.metrics)
    control = Control(study)

    def setup(repeat: Repeat) -> TrialSetup:
        trial, since = repeat.trial, known[repeat.trial].step if repeat.trial in known else 0
        return trial_setup(
            study, plan, trial, repeat.params, repeat.config, of=repeat.of, since=since
        )

    full = partial(no_room, study.path)
    searcher = FixedSearch(missing, setup=setup, no_room=full, requested=control)
    with open_trials_recorded(study):
        run_tune(
            study,
            searcher,
            resources=plan.space.resources,
            slots=slots,
            scheduler=None,
            control=control,
            on_end=progress,
        )
    if progress.done < len(repeats):
        raise control.interruption()


@contextlib.contextmanager
def open_trials_recorded(study: StudyFolder) -> Iterator[None]:
    """However the driver ends, no trial stays running in the ledger."""
    try:
        yield
    finally:
        # With a full disk nothing is written. A trial without end and driver counts as interrupted.
        with contextlib.suppress(OSError):
            for record in study.records():
                if record.state == "running":
                    study.ledger.append(_interrupted(record))


def _interrupted(record: TrialRecord) -> TrialEnded:
    """Without `seconds`: the trial worked from its start until now."""
    return TrialEnded(
        trial=record.trial, state="interrupted", step=record.step, metrics=record.metrics
    )


def _scheduler(
    study: StudyFolder, plan: Plan, known: Mapping[str, TrialRecord]
) -> TrialScheduler | None:
    """The scheduler in the state that the trials which it compares have left; None of a
    population, whose searcher decides.
    """
    from raylab.tuning.schedulers import make_scheduler

    if plan.space.scheduler.is_population:
        return None
    further = {trial for trial, record in known.items() if record.origin_step is not None}
    return make_scheduler(
        plan.space.scheduler,
        mode=plan.modes[plan.space.rung],
        max_steps=plan.space.config({}).training.max_steps,
        events=[
            event
            for event in study.ledger.read()
            if not (isinstance(event, TrialReported) and event.trial in further)
        ],
    )
