"""The driver of a study: Ray Tune runs the trials, the ledger hears of each. The only Ray Tune driver."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Mapping
from typing import Any

from raylab.config import TrialConfig
from raylab.studies.outcome import Outcome
from raylab.studies.plan import Plan
from raylab.studies.space import Resources
from raylab.tracking.records import TrialRecord
from raylab.tracking.study import StudyFolder
from raylab.training.worker import Job

Say = Callable[[str], None]
ENDED = ("completed", "pruned", "failed")


def run_trials(study: StudyFolder, plan: Plan, *, slots: int, say: Say, on_end: Callable[[], None]) -> None:
    """Run what is missing of a study: interrupted trials first, then new draws until the budget is used.

    Args:
        slots: Trials at a time.
        say: Receives a line a trial.
        on_end: Called after each trial's end is in the ledger.

    Raises:
        KeyboardInterrupt: stopped from outside; every open trial is recorded as interrupted.
    """
    known = {record.trial: record for record in study.records()}
    ended = sum(record.state in ENDED for record in known.values())
    total, done = plan.space.budget.trials, ended

    def end(trial: str, outcome: Outcome, params: dict[str, Any]) -> None:
        nonlocal done
        done += 1
        say(_line(trial, outcome, params, done, total))
        on_end()

    try:
        _fit(study, plan, known, slots, total - ended, end)
    finally:
        for record in study.records():
            if record.state == "running":
                study.ledger.append(_interrupted(record))
    if done < total:
        raise KeyboardInterrupt


def _fit(
    study: StudyFolder,
    plan: Plan,
    known: dict[str, TrialRecord],
    slots: int,
    missing: int,
    end: Callable[[str, Outcome, dict[str, Any]], None],
) -> None:
    os.environ["TUNE_DISABLE_AUTO_CALLBACK_LOGGERS"] = "1"
    from ray import tune

    logging.getLogger("ray.tune").setLevel(logging.CRITICAL)  # a failed trial is told once, by the ledger's line

    from raylab.studies.callbacks import LedgerCallback
    from raylab.studies.suggest import StudySearch

    search_alg = StudySearch(
        plan.space,
        modes=[plan.modes[metric] for metric in plan.space.metrics],
        storage=f"sqlite:///{study.optuna_path}",
        seen=len(known),
        job=lambda trial, params: _trial_config(study, plan, trial, params),
    )
    search_alg.requeue(known)
    # Tune's own state: never restored from (it holds pickles), so not part of the study.
    storage = study.path / ".tune"
    try:
        tune.Tuner(
            _trainable(plan.space.resources),
            tune_config=tune.TuneConfig(
                search_alg=search_alg,
                scheduler=_scheduler(plan),
                num_samples=missing,
                max_concurrent_trials=slots,
                reuse_actors=plan.space.resources.workers == 1,
                trial_dirname_creator=lambda trial: trial.trial_id,
            ),
            run_config=tune.RunConfig(
                name="search",
                storage_path=str(storage),
                verbose=0,
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
                callbacks=[LedgerCallback(study.ledger, on_end=end)],
            ),
        ).fit()
    finally:
        shutil.rmtree(storage, ignore_errors=True)


def _trial_config(study: StudyFolder, plan: Plan, trial: str, params: dict[str, Any]) -> dict[str, Any]:
    resources = plan.space.resources
    objectives = plan.space.metrics
    config = _monitored(plan.space.config(params, source=f"trial {trial}"), objectives[0])
    job = Job(
        trial,
        str(study.trial_folder(trial)),
        str(plan.dataset.path.resolve()),
        config.model_dump(mode="json"),
        threads=resources.cpus,
        parent=str(study.parent_path) if study.parent_path.is_dir() else "",
    )
    return {
        "job": job.as_dict(),
        "params": params,
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
    return config.model_copy(update={"training": training.model_copy(update={"monitor": objective})})


def _trainable(resources: Resources) -> Any:
    from ray import tune

    from raylab.studies.actor import WAITING_CPU, TrialActor, WorkersTrial

    if resources.workers > 1:
        return tune.with_resources(WorkersTrial, {"cpu": WAITING_CPU})
    wanted: dict[str, float] = {"cpu": resources.cpus, "gpu": resources.gpus}
    if resources.memory_gb:
        wanted["memory"] = resources.memory_gb * 1e9
    return tune.with_resources(TrialActor, wanted)


def _scheduler(plan: Plan) -> Any:
    from ray.tune.schedulers import AsyncHyperBandScheduler, FIFOScheduler

    config, steps = plan.space.scheduler, plan.space.config({}).training.max_steps
    if config.kind == "none" or config.grace_steps >= steps:
        return FIFOScheduler()
    return AsyncHyperBandScheduler(
        time_attr="steps",
        metric="rung",
        mode=plan.modes[plan.space.rung],
        max_t=steps,
        grace_period=config.grace_steps,
        reduction_factor=config.reduction_factor,
    )


def _interrupted(record: TrialRecord) -> dict[str, Any]:
    return {
        "event": "trial_ended",
        "trial": record.trial,
        "state": "interrupted",
        "step": record.step,
        "score": None,
        "metrics": record.metrics,
        "error": None,
        "seconds": 0.0,
    }


def _line(trial: str, outcome: Outcome, params: Mapping[str, Any], done: int, total: int) -> str:
    scores = outcome.scores or (() if outcome.score is None else (outcome.score,))
    score = ", ".join(f"{one:.4f}" for one in scores) or outcome.error or ""
    values = "  ".join(f"{path.rsplit('.', 1)[-1]}={_short(value)}" for path, value in params.items())
    kept = f", the model of step {outcome.kept_step}" if outcome.kept_step not in (None, outcome.step) else ""
    early = " early" if outcome.stopped else ""
    return f"[{done}/{total}] trial {trial} {outcome.state}{early} at step {outcome.step}{kept}: {score}  {values}"


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
