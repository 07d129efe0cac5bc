"""The driver of a study: Ray Tune runs the trials, the ledger hears of each. The only Ray Tune
driver.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from raylab.config.trial import TrialConfig
from raylab.errors import StudyError
from raylab.files import is_full, no_room
from raylab.space.schedulers import SCHEDULERS
from raylab.space.settings import Resources
from raylab.tracking.events import SearchStopped, TrialEnded
from raylab.tracking.records import TrialRecord
from raylab.tracking.study import StudyFolder
from raylab.training.worker import TrialJob
from raylab.tuning.drawing.fixed import FixedSearch, Repeat
from raylab.tuning.outcome import ENDED, Outcome
from raylab.tuning.planning.study_plan import Plan
from raylab.tuning.stopping import Stopping, worked_seconds

if TYPE_CHECKING:
    from raylab.tuning.drawing.searcher import StudySearch

Say = Callable[[str], None]
End = Callable[[str, Outcome, dict[str, Any]], None]


def run_trials(
    study: StudyFolder, plan: Plan, *, slots: int, say: Say, on_end: Callable[[], None]
) -> None:
    """Run what is missing of a study: interrupted trials first, then new draws until the budget is
    used.

    Args:
        slots: Trials at a time; 0 where nothing is missing.
        say: Receives a line a trial.
        on_end: Called after each trial's end is in the ledger.

    Raises:
        KeyboardInterrupt: stopped from outside; every open trial is recorded as interrupted.
    """
    known = {record.trial: record for record in study.records() if record.of is None}
    total, mode = plan.space.budget.trials, plan.modes[plan.space.metrics[0]]
    worked = worked_seconds(study.ledger.read())
    stopping = Stopping(plan.space.budget, mode, known=known.values(), worked_s=worked)
    count = _Counted(
        say, on_end, total=total, done=sum(record.state in ENDED for record in known.values())
    )

    def end(trial: str, outcome: Outcome, params: dict[str, Any]) -> None:
        stopping.ended(outcome)
        count(trial, outcome, params)

    searcher = _searcher(study, plan, known, stopping)
    searcher.requeue(
        known
    )  # also where nothing is missing: a killed driver may not have told Optuna of every end
    if not slots:
        return
    scheduler = None if plan.space.scheduler.is_population else _scheduler(study, plan)
    with _closed(study):
        _run(study, plan, searcher, slots=slots, end=end, scheduler=scheduler)
    reason = stopping.reason()
    if count.done < total and (reason is None or searcher.at_work):
        raise KeyboardInterrupt
    if count.done < total:
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
    """Train fixed configs as trials of the study; those that have ended already are left as they
    are.

    Raises:
        KeyboardInterrupt: as `run_trials`.
    """
    known = {record.trial: record for record in study.records()}
    missing = [
        one for one in repeats if one.trial not in known or known[one.trial].state not in ENDED
    ]
    if not missing:
        return
    count = _Counted(say, on_end, total=len(repeats), done=len(repeats) - len(missing))

    def job(one: Repeat) -> dict[str, Any]:
        since = known[one.trial].step if one.trial in known else 0
        return _told(study, plan, one.trial, one.params, one.config, of=one.of, since=since)

    searcher = FixedSearch(missing, job=job, no_room=partial(no_room, study.path))
    with _closed(study):
        _run(study, plan, searcher, slots=slots, end=count, scheduler=None)
    if count.done < len(repeats):
        raise KeyboardInterrupt


class _Counted:
    """Says a line for each trial that ended."""

    def __init__(self, say: Say, on_end: Callable[[], None], *, total: int, done: int) -> None:
        self._say, self._on_end, self._total, self.done = say, on_end, total, done

    def __call__(self, trial: str, outcome: Outcome, params: dict[str, Any]) -> None:
        self.done += 1
        self._say(_line(trial, outcome, params, self.done, self._total))
        self._on_end()


@contextlib.contextmanager
def _closed(study: StudyFolder) -> Iterator[None]:
    """Whatever ends the driver, no trial stays running in the ledger."""
    try:
        yield
    finally:
        with contextlib.suppress(
            OSError
        ):  # a full disk: what has no end and no driver counts as interrupted
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
    from raylab.tuning.drawing.searcher import StudySearch

    def job(trial: str, params: dict[str, Any], **more: Any) -> dict[str, Any]:
        config = plan.space.config(params, source=f"trial {trial}")
        return _told(study, plan, trial, params, config, **more)

    how: dict[str, Any] = {
        "modes": [plan.modes[metric] for metric in plan.space.metrics],
        "storage": f"sqlite:///{study.optuna_path}",
        "draws": plan.space.budget.trials - len(known),
        "job": job,
        "enough": lambda: stopping.reason() is not None,
        "no_room": partial(no_room, study.path),
    }
    if plan.space.scheduler.is_population:
        build = SCHEDULERS.builder(plan.space.scheduler)
        mode = plan.modes[plan.space.rung]
        searcher = build(plan.space, study=study, mode=mode, known=known, **how)
        assert isinstance(searcher, StudySearch)
        return searcher
    return StudySearch(plan.space, **how)


def _run(
    study: StudyFolder, plan: Plan, searcher: Any, *, slots: int, end: End, scheduler: Any
) -> None:
    """Tune's own loop, on a state of its own that is never restored from (it holds pickles)."""
    os.environ["TUNE_DISABLE_AUTO_CALLBACK_LOGGERS"] = "1"
    from ray import tune

    from raylab.tuning.callbacks import LedgerCallback

    logging.getLogger("ray.tune").setLevel(
        logging.CRITICAL
    )  # a failed trial is told once, by the ledger's line
    storage = study.path / ".tune"
    room = partial(no_room, study.path)
    ledger = LedgerCallback(study.ledger, comes_back=searcher.comes_back, no_room=room, on_end=end)
    try:
        tune.Tuner(
            _trainable(plan.space.resources),
            tune_config=tune.TuneConfig(
                search_alg=searcher,
                scheduler=scheduler,
                num_samples=-1,  # the searcher says when there are no more
                max_concurrent_trials=slots,
                reuse_actors=plan.space.resources.workers == 1,
                trial_dirname_creator=lambda trial: trial.trial_id,
            ),
            run_config=tune.RunConfig(
                name="search",
                storage_path=str(storage),
                verbose=0,
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
                callbacks=[ledger],
            ),
        ).fit()
    except Exception as error:
        if not is_full(error):
            raise
        ledger.halted = f"no space left in {study.path}"
    finally:
        shutil.rmtree(storage, ignore_errors=True)
    if ledger.halted:
        raise StudyError(
            f"the study stopped: {ledger.halted}",
            f"Make room, then `raylab resume {study.path}`: nothing is lost.",
        )


def _told(
    study: StudyFolder,
    plan: Plan,
    trial: str,
    params: dict[str, Any],
    config: TrialConfig,
    *,
    of: str | None = None,
    since: int = 0,
    until: int | None = None,
    piece: int = 0,
) -> dict[str, Any]:
    """What Tune carries to a trial's actor and to the ledger; see `TrialJob` for `until` and `piece`.

    Args:
        since: The last step of it that the ledger has.
    """
    resources = plan.space.resources
    objectives = plan.space.metrics
    config = _monitored(config, objectives[0])
    job = TrialJob(
        trial,
        str(study.trial_folder(trial)),
        str(plan.dataset.path.resolve()),
        config.model_dump(mode="json"),
        threads=resources.cpus,
        parent=str(study.parent_path) if study.parent_path.is_dir() else "",
        until=until,
        piece=piece,
    )
    return {
        "job": job.as_dict(),
        "params": params,
        "of": of,
        "since": since,
        "scored": {"objectives": objectives, "rung": plan.space.rung},
        "max_steps": config.training.max_steps,
        "resources": resources.model_dump(),
        "storage": str(study.path / ".tune"),
    }


def _monitored(config: TrialConfig, objective: str) -> TrialConfig:
    """The default of training.monitor is written down: what was used is what is recorded."""
    training = config.training
    if training.keep == "last" or training.monitor is not None:
        return config
    return config.model_copy(
        update={"training": training.model_copy(update={"monitor": objective})}
    )


def _trainable(resources: Resources) -> Any:
    from ray import tune

    from raylab.tuning.actor import TrialActor, WorkersTrial
    from raylab.tuning.planning.placement import WAITING_CPU

    if resources.workers > 1:
        return tune.with_resources(WorkersTrial, {"cpu": WAITING_CPU})
    wanted: dict[str, float] = {"cpu": resources.cpus, "gpu": resources.gpus}
    if resources.memory_gb:
        wanted["memory"] = resources.memory_gb * 1e9
    return tune.with_resources(TrialActor, wanted)


def _scheduler(study: StudyFolder, plan: Plan) -> Any:
    from raylab.tuning.schedulers import make_scheduler

    steps = plan.space.config({}).training.max_steps
    events = study.ledger.read()
    return make_scheduler(
        plan.space.scheduler, mode=plan.modes[plan.space.rung], max_steps=steps, events=events
    )


def _line(trial: str, outcome: Outcome, params: Mapping[str, Any], done: int, total: int) -> str:
    scores = outcome.scores or (() if outcome.score is None else (outcome.score,))
    score = ", ".join(f"{one:.4f}" for one in scores) or outcome.error or ""
    values = "  ".join(
        f"{path.rsplit('.', 1)[-1]}={_short(value)}" for path, value in params.items()
    )
    kept = (
        f", the model of step {outcome.kept_step}"
        if outcome.kept_step not in (None, outcome.step)
        else ""
    )
    early = " early" if outcome.stopped else ""
    return (
        f"[{done}/{total}] trial {trial} {outcome.state}{early} at step {outcome.step}{kept}: "
        f"{score}  {values}"
    )


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
