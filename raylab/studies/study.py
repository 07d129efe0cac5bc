"""Studies: search, train, resume, and what is written when one ends."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import yaml

from raylab.config import EvaluationConfig
from raylab.data.dataset import Dataset
from raylab.errors import ConfigError, StudyError
from raylab.evaluation.baselines import Baselines
from raylab.files import write_json, write_text
from raylab.parsing import load_yaml
from raylab.reporting.leaderboard import rows, write_csv
from raylab.studies.driver import ENDED, Say, run_trials
from raylab.studies.plan import Plan, connect_for, make_plan
from raylab.studies.space import Space
from raylab.tracking.mlflow import BackgroundMirror, Mirror, MirrorError, default_uri
from raylab.tracking.records import best
from raylab.tracking.study import StudyFolder


def search(
    space: str | Path | Mapping[str, Any] | Space,
    *,
    data: str | Path,
    out: str | Path,
    trials: int | None = None,
    overrides: Mapping[str, Any] | None = None,
    say: Say = print,
) -> StudyFolder:
    """Search a space on a prepared dataset; every trial ends up in the study folder and in MLflow.

    Args:
        space: A YAML file, a mapping or a Space.
        data: The prepared dataset.
        out: The study's folder; must not exist.
        trials: Overrides budget.trials.
        overrides: Dotted paths; see `load_space`.
        say: Receives a line a trial.

    Raises:
        ConfigError, DataError, StudyError: before anything is started or written.
        KeyboardInterrupt: after the study was closed cleanly; `resume` finishes it.
    """
    more = {"budget.trials": trials} if trials is not None else {}
    plan = make_plan(space, data, overrides={**(overrides or {}), **more})
    return _begin(plan, Path(out), "search", say)


def train(
    config: str | Path | Mapping[str, Any],
    *,
    data: str | Path,
    out: str | Path,
    overrides: Mapping[str, Any] | None = None,
    say: Say = print,
) -> StudyFolder:
    """Train one config: a study of one trial. `overrides` may name `resources.*` beside config paths."""
    value = dict(config) if isinstance(config, Mapping) else load_yaml(Path(config))
    stray = sorted(set(value) & (set(Space.model_fields) - {"task"}))
    if stray:
        raise ConfigError(
            f"{config}: '{stray[0]}' belongs to a search space, not to a trial config",
            "Use `raylab search` with this file.",
        )
    for path in overrides or {}:
        if path.split(".")[0] in set(Space.model_fields) - {"task", "resources"}:
            raise ConfigError(f"--set {path}: a training has no such setting", "Use config paths, or resources.*.")
    task = value.pop("task", {"kind": "contrastive"})
    metric = "decoding.score" if Dataset(data).labels else "goodness_of_fit"
    space = {"task": task, "base": value, "objective": {"metric": metric}, "budget": {"trials": 1}}
    source = "config" if isinstance(config, Mapping) else str(config)
    return _begin(make_plan(space, data, overrides=overrides, source=source), Path(out), "train", say)


def resume(path: str | Path, *, say: Say = print) -> StudyFolder:
    """Finish a study: interrupted trials go on from their last checkpoint, missing ones are drawn."""
    study = StudyFolder.open(Path(path))
    plan = make_plan(study.space_path, study.description["data"]["path"])
    if plan.dataset.fingerprint != study.description["data"]["fingerprint"]:
        raise StudyError(
            f"{plan.dataset.path}: not the data this study began with (other fingerprint)",
            "Restore that dataset, or start another study.",
        )
    ended = [record for record in study.records() if record.state in ENDED]
    if len(ended) >= plan.space.budget.trials:
        say(f"{study.name}: all {len(ended)} trials have ended; nothing to resume")
        return study
    slots = connect_for(plan.space.resources, plan.space.budget.trials - len(ended))
    _run(study, plan, slots, say)
    return study


def sync(path: str | Path) -> StudyFolder:
    """Bring MLflow to what the ledger says, and register the winner. MirrorError where MLflow cannot be reached."""
    from raylab.reporting.plots import trial_figures

    study = StudyFolder.open(Path(path))
    mirror = Mirror(study, figures=trial_figures(study))
    mirror.sync()
    winner = best(study.records(), study.description["objective"]["mode"])
    if winner is not None:
        mirror.register(winner.trial)
    return study


def leaderboard(path: str | Path) -> list[dict[str, Any]]:
    """One row a trial, best first: {"trial", "state", "score", "steps", "params", "metrics"}."""
    study = StudyFolder.open(Path(path))
    return rows(study.records(), study.description["objective"]["mode"])


def report(path: str | Path) -> Path:
    """Write leaderboard.csv and the self-contained report.html of a study; the report's path."""
    from raylab.reporting.html import write_report
    from raylab.studies.importance import importance

    study = StudyFolder.open(Path(path))
    mode = study.description["objective"]["mode"]
    records = study.records()
    write_csv(study.leaderboard_path, rows(records, mode))
    return write_report(study, importance=importance(records, mode))


def _baselines(study: StudyFolder, plan: Plan) -> None:
    """What the scored label reaches without any model, beside the leaderboard from the start."""
    if plan.label and study.baselines() is None:
        baselines = Baselines(plan.dataset, EvaluationConfig(), [plan.label])
        write_json(study.baselines_path, {"valid": baselines.scores("valid"), "settings": baselines.settings})


def _begin(plan: Plan, out: Path, kind: str, say: Say) -> StudyFolder:
    if out.exists():
        raise StudyError(f"{out}: already there", "Choose another --out, or continue it with `raylab resume`.")
    for note in plan.notes:
        say(f"note: {note}")
    slots = connect_for(plan.space.resources, plan.space.budget.trials)
    study = StudyFolder.create(out, _describe(plan, kind))
    resolved = plan.space.model_dump(mode="json", by_alias=True, exclude_none=True)
    write_text(study.space_path, yaml.safe_dump(resolved, sort_keys=False))
    _run(study, plan, slots, say)
    return study


def _describe(plan: Plan, kind: str) -> dict[str, Any]:
    return {
        "kind": kind,
        "data": {"path": str(plan.dataset.path.resolve()), "fingerprint": plan.dataset.fingerprint},
        "task": plan.space.fixed()["task"],
        "objective": {"metric": plan.space.objective.metric, "mode": plan.mode},
        "label": plan.label,
        "tracking": {"uri": default_uri(Path(os.environ.get("RAYLAB_HOME", ".")))},
    }


def _run(study: StudyFolder, plan: Plan, slots: int, say: Say) -> None:
    from raylab.reporting.plots import trial_figures

    with study.hold():
        mirror = BackgroundMirror(Mirror(study, figures=trial_figures(study)))
        try:
            run_trials(study, plan, slots=slots, say=say, on_end=mirror.notify)
            study.ledger.append({"event": "study_ended"})
        finally:
            problem = mirror.close()
            if problem:
                say(f"MLflow is behind ({problem}); the ledger has everything: `raylab sync {study.path}` catches up")
    _baselines(study, plan)
    report(study.path)
    if problem is None:
        _register_winner(study, plan.mode, say)


def _register_winner(study: StudyFolder, mode: Literal["max", "min"], say: Say) -> None:
    winner = best(study.records(), mode)
    if winner is None:
        say("no trial completed: there is no winner")
        return
    try:
        Mirror(study).register(winner.trial)
    except MirrorError as error:
        say(f"the winner is not registered in MLflow yet ({error}): `raylab sync {study.path}` does it later")
