"""The driver of a study: it runs trials and records each in the ledger."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from raylab.files import no_room
from raylab.reporting.tables.cells import short_names
from raylab.space.parameters import Scalar
from raylab.space.schedulers import SCHEDULERS
from raylab.tracking.drivers import worked_seconds
from raylab.tracking.events import ENDED, SearchStopped, TrialEnded
from raylab.tracking.records import TrialRecord
from raylab.tracking.sqlite import sqlite_url
from raylab.tracking.study import StudyFolder
from raylab.tuning.checks.repeats import same_draw
from raylab.tuning.drawing.fixed import FixedSearch, Repeat
from raylab.tuning.job import TrialSetup, trial_setup
from raylab.tuning.outcome import Outcome
from raylab.tuning.planning.study_plan import Plan
from raylab.tuning.stopping import Stopping
from raylab.tuning.tune_run import run_tune

if TYPE_CHECKING:
    from ray.tune.schedulers.trial_scheduler import TrialScheduler

    from raylab.tuning.drawing.searcher import StudySearch

Say = Callable[[str], None]


def run_trials(
    study: StudyFolder, plan: Plan, *, slots: int, say: Say, on_end: Callable[[], None]
) -> None:
    """Run what is missing of a search: first interrupted trials, then new draws.

    Args:
        slots: How many trials run at the same time; 0 where no trial is missing.
        say: Receives a line of text per trial.
        on_end: Called after each trial's end is in the ledger.

    Raises:
        KeyboardInterrupt: The search was stopped. Every open trial is recorded as interrupted.
    """
    known = {record.trial: record for record in study.records() if record.of is None}
    total, mode = plan.space.budget.trials, plan.modes[plan.space.metrics[0]]
    worked = worked_seconds(study.ledger.read())
    stopping = Stopping(plan.space.budget, mode, known=known.values(), worked_s=worked)
    done = sum(record.state in ENDED for record in known.values())
    progress = _Progress(say, on_end, total=total, done=done, metrics=study.metrics)

    def end(trial: str, outcome: Outcome, params: Mapping[str, Scalar]) -> None:
        stopping.ended(outcome)
        progress(trial, outcome, params)

    searcher = _searcher(study, plan, known, stopping)
    # Also where no trial is missing: a killed driver may not have told Optuna of every end.
    searcher.requeue(known)
    if not slots:
        return
    scheduler = None if plan.space.scheduler.is_population else _scheduler(study, plan)
    with open_trials_recorded(study):
        run_tune(
            study,
            searcher,
            resources=plan.space.resources,
            slots=slots,
            scheduler=scheduler,
            on_end=end,
        )
    reason = stopping.reason()
    if progress.done < total and (reason is None or searcher.at_work):
        raise KeyboardInterrupt
    if progress.done < total:
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
    progress = _Progress(say, on_end, total=len(repeats), done=done, metrics=study.metrics)

    def setup(repeat: Repeat) -> TrialSetup:
        trial, since = repeat.trial, known[repeat.trial].step if repeat.trial in known else 0
        return trial_setup(
            study, plan, trial, repeat.params, repeat.config, of=repeat.of, since=since
        )

    searcher = FixedSearch(missing, setup=setup, no_room=partial(no_room, study.path))
    with open_trials_recorded(study):
        run_tune(
            study,
            searcher,
            resources=plan.space.resources,
            slots=slots,
            scheduler=None,
            on_end=progress,
        )
    if progress.done < len(repeats):
        raise KeyboardInterrupt


class _Progress:
    """Counts the trials that have ended, and says a line for each."""

    def __init__(
        self,
        say: Say,
        on_end: Callable[[], None],
        *,
        total: int,
        done: int,
        metrics: Sequence[str],
    ) -> None:
        self._say, self._on_end, self._total, self.done = say, on_end, total, done
        self._metrics = metrics

    def __call__(self, trial: str, outcome: Outcome, params: Mapping[str, Scalar]) -> None:
        self.done += 1
        self._say(f"[{self.done}/{self._total}] {_line(trial, outcome, params, self._metrics)}")
        self._on_end()


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


def _searcher(
    study: StudyFolder, plan: Plan, known: Mapping[str, TrialRecord], stopping: Stopping
) -> StudySearch:
    from raylab.tuning.drawing.searcher import SearchSetup, StudySearch

    def setup(
        trial: str, params: Mapping[str, Scalar], *, until: int | None = None, piece: int = 0
    ) -> TrialSetup:
        config = plan.space.config(params, source=f"trial {trial}")
        return trial_setup(study, plan, trial, params, config, until=until, piece=piece)

    search = SearchSetup(
        modes=tuple(plan.modes[metric] for metric in plan.space.metrics),
        storage=sqlite_url(study.optuna_path),
        setup=setup,
        draws=plan.space.budget.trials - len(known),
        enough=lambda: stopping.reason() is not None,
        no_room=partial(no_room, study.path),
        same=partial(same_draw, plan.space, plan.dataset.sessions),
    )
    if not plan.space.scheduler.is_population:
        return StudySearch(plan.space, search)
    build = SCHEDULERS.builder(plan.space.scheduler)
    mode = plan.modes[plan.space.rung]
    searcher = build(plan.space, search, study=study, mode=mode, known=known)
    assert isinstance(searcher, StudySearch), f"{plan.space.scheduler.kind} builds no searcher"
    return searcher


def _scheduler(study: StudyFolder, plan: Plan) -> TrialScheduler:
    from raylab.tuning.schedulers import make_scheduler

    return make_scheduler(
        plan.space.scheduler,
        mode=plan.modes[plan.space.rung],
        max_steps=plan.space.config({}).training.max_steps,
        events=study.ledger.read(),
    )


def _line(
    trial: str, outcome: Outcome, params: Mapping[str, Scalar], metrics: Sequence[str]
) -> str:
    """What became of a trial; of several objectives, each value with its name."""
    scores = outcome.scores or (() if outcome.score is None else (outcome.score,))
    several = len(scores) > 1
    named = zip(metrics if several else [""] * len(scores), scores)
    texts = (f"{metric} {score:.4f}".lstrip() for metric, score in named)
    result = ", ".join(texts) or outcome.error or ""
    short = short_names(params)
    values = "  ".join(f"{short[path]}={_short(value)}" for path, value in params.items())
    step, kept = outcome.step, outcome.kept_step
    model = f", the model of step {kept}" if kept not in (None, step) else ""
    early = " early" if outcome.stopped else ""
    return f"trial {trial} {outcome.state}{early} at step {step}{model}: {result}  {values}"


def _short(value: Scalar) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
