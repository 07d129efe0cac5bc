"""Studies: search, train, resume, and what is written when one ends."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from raylab.data.dataset import Dataset
from raylab.errors import ConfigError, StudyError
from raylab.evaluation.baselines import Baselines
from raylab.files import write_json, write_text
from raylab.parsing import load_yaml, parse_trial
from raylab.processes import below, this_process
from raylab.reporting.leaderboard import rows, write_csv
from raylab.studies.conditions import stand_in
from raylab.studies.driver import Say, run_trials
from raylab.studies.leftovers import end_left_behind
from raylab.studies.outcome import ENDED
from raylab.studies.plan import Plan, connect_for, make_plan
from raylab.studies.space import Space
from raylab.tracking.mlflow import BackgroundMirror, Mirror, MirrorError, default_uri
from raylab.tracking.records import best, is_ended
from raylab.tracking.selections import drawn, ended_selection, selections
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
    return begin(plan, Path(out), "search", say)


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
            raise ConfigError(
                f"--set {path}: a training has no such setting", "Use config paths, or resources.*."
            )
    source = "config" if isinstance(config, Mapping) else str(config)
    return begin(plan_of_one(value, data, overrides, source), Path(out), "train", say)


def plan_of_one(
    config: Mapping[str, Any], data: str | Path, overrides: Mapping[str, Any] | None, source: str
) -> Plan:
    """A study of one trial."""
    base = dict(config)
    task = base.pop("task", {"kind": "contrastive"})
    metric = "decoding.score" if Dataset(data).labels else "goodness_of_fit"
    space = {"task": task, "base": base, "objective": {"metric": metric}, "budget": {"trials": 1}}
    return make_plan(space, data, overrides=overrides, source=source)


def resume(path: str | Path, *, say: Say = print) -> StudyFolder:
    """Finish a study: interrupted trials go on from their last checkpoint, missing ones are drawn.

    So with a selection (`raylab select`) that is under way.
    """
    study = StudyFolder.open(Path(path))
    known = selections(study.ledger.read())
    if known and not known[-1].ended:
        from raylab.studies.select import finish  # it runs on what is here

        finish(study, say)
        return study
    plan = planned(study)
    trials, events = drawn(study.records()), study.ledger.read()
    ended = [record for record in trials if record.state in ENDED]
    stopped = len(ended) == len(trials) and any(
        event["event"] == "search_stopped" for event in events
    )
    missing = 0 if stopped else max(0, plan.space.budget.trials - len(ended))
    if not missing and is_ended(events) and study.report_path.exists():
        say(f"{study.name}: all {len(ended)} trials have ended; nothing to resume")
        return study
    slots = connect_for(plan.space.resources, missing) if missing else 0
    _run(study, plan, slots, say)
    return study


def planned(study: StudyFolder) -> Plan:
    """The plan of a study that was begun. StudyError where its dataset is another one now."""
    plan = make_plan(study.space_path, study.description["data"]["path"])
    if plan.dataset.fingerprint != study.description["data"]["fingerprint"]:
        raise StudyError(
            f"{plan.dataset.path}: not the data this study began with (other fingerprint)",
            "Restore that dataset, or start another study.",
        )
    return plan


def sync(path: str | Path) -> StudyFolder:
    """Bring MLflow to what the ledger says, and register the winner, and the champion where there is one. MirrorError
    where MLflow cannot be reached."""
    from raylab.reporting.plots import trial_figures

    study = StudyFolder.open(Path(path))
    mirror = Mirror(study, figures=trial_figures(study))
    mirror.sync()
    for trial, alias in _to_register(study).items():
        mirror.register(trial, alias=alias)
    return study


def leaderboard(path: str | Path) -> list[dict[str, Any]]:
    """One row a trial, best first: {"trial", "state", "score", "steps", "params", "metrics", "note"}.

    Of several objectives, the Pareto front first, with {"front", "scores"} as `reporting.leaderboard.rows` gives them.
    """
    study = StudyFolder.open(Path(path))
    return rows(study.records(), *study.modes, metrics=study.metrics)


def report(path: str | Path) -> Path:
    """Write leaderboard.csv and the self-contained report.html of a study; the report's path."""
    from raylab.reporting.html import write_report
    from raylab.studies.importance import importance

    study = StudyFolder.open(Path(path))
    records = study.records()
    write_csv(study.leaderboard_path, rows(records, *study.modes, metrics=study.metrics))
    return write_report(study, importance=importance(records, study.modes[0]))


def _baselines(study: StudyFolder, plan: Plan, say: Say) -> None:
    """What the scored label reaches without any model, beside the leaderboard from the start."""
    if plan.label and study.baselines() is None:
        # `first` is never searched (see checks.py), so the fixed part of the space says which sessions are used.
        fixed = parse_trial(plan.space.fixed(), "space")
        baselines = Baselines(plan.dataset, fixed.evaluation.matched, [plan.label], fixed.sessions)
        write_json(
            study.baselines_path,
            {"valid": baselines.scores("valid"), "settings": baselines.settings},
        )
        if baselines.held_out:
            say(
                f"note: sessions held out whole have chance as their only baseline: {', '.join(baselines.held_out)}"
            )


def begin(
    plan: Plan, out: Path, kind: str, say: Say, *, parent: Parent | None = None
) -> StudyFolder:
    """Make a study and run it. StudyError where its folder is there already."""
    if (
        parent is None
        and getattr(parse_trial(stand_in(plan.space), "space"), "adaptation", None) is not None
    ):
        raise ConfigError(
            "adaptation: there is no trained model to adapt", "Use `raylab adapt STUDY --data ...`."
        )
    if out.exists():
        raise StudyError(
            f"{out}: already there", "Choose another --out, or continue it with `raylab resume`."
        )
    for note in plan.notes:
        say(f"note: {note}")
    slots = connect_for(plan.space.resources, plan.space.budget.trials)
    study = create_study(out, plan, kind, parent)
    _run(study, plan, slots, say)
    return study


@dataclass(frozen=True)
class Parent:
    """A trained model that a study begins from: its folder, and what study.json says of it."""

    model: Path
    described: dict[str, Any]


def create_study(out: Path, plan: Plan, kind: str, parent: Parent | None = None) -> StudyFolder:
    """The folder of a study that has not run yet."""
    resolved = plan.space.model_dump(mode="json", by_alias=True, exclude_none=True)

    def fill(folder: Path) -> None:
        study = StudyFolder(folder, {})
        write_text(study.space_path, yaml.safe_dump(resolved, sort_keys=False))
        if parent:
            shutil.copytree(parent.model, study.parent_path)

    described = _describe(plan, kind) | ({"parent": parent.described} if parent else {})
    return StudyFolder.create(out, described, fill=fill)


def _describe(plan: Plan, kind: str) -> dict[str, Any]:
    objectives = [{"metric": metric, "mode": plan.modes[metric]} for metric in plan.space.metrics]
    return {
        "kind": kind,
        "data": {"path": str(plan.dataset.path.resolve()), "fingerprint": plan.dataset.fingerprint},
        "task": plan.space.fixed()["task"],
        "objective": objectives[0],
        **({"objectives": objectives} if len(objectives) > 1 else {}),
        "label": plan.label,
        "tracking": {"uri": default_uri(Path(os.environ.get("RAYLAB_HOME", ".")))},
    }


def _run(study: StudyFolder, plan: Plan, slots: int, say: Say) -> None:
    problem = run_recorded(
        study, say, lambda end: run_trials(study, plan, slots=slots, say=say, on_end=end)
    )
    _baselines(study, plan, say)
    report(study.path)
    if problem is None:
        register_winners(study, say)


def run_recorded(
    study: StudyFolder, say: Say, run: Callable[[Callable[[], None]], None]
) -> Exception | None:
    """Run what is missing of a study, mirrored in MLflow; why MLflow is behind, where it is.

    Args:
        run: The driver; told what to call after each trial's end.
    """
    from raylab.reporting.plots import trial_figures

    with study.hold():
        left = end_left_behind(study)
        if left:
            say(f"ended {len(left)} processes that a killed driver of this study left behind")
        study.ledger.append({"event": "driver_started", **this_process(), "processes": below()})
        mirror = BackgroundMirror(Mirror(study, figures=trial_figures(study)))
        try:
            run(mirror.notify)
            study.ledger.append({"event": "study_ended"})
        finally:
            problem = mirror.close()
            if problem:
                say(
                    f"MLflow is behind ({problem}); the ledger has everything: `raylab sync {study.path}` catches up"
                )
    return problem


def register_winners(study: StudyFolder, say: Say) -> None:
    """In MLflow's registry: the best of the search as `best`, the champion of a selection as `champion`."""
    found = _to_register(study)
    if not found:
        say("no trial completed: there is no winner")
    try:
        for trial, alias in found.items():
            Mirror(study).register(trial, alias=alias)
    except MirrorError as error:
        say(
            f"the winner is not registered in MLflow yet ({error}): `raylab sync {study.path}` does it later"
        )


def _to_register(study: StudyFolder) -> dict[str, str]:
    """Trial -> alias."""
    winner, selection = best(study.records(), *study.modes), ended_selection(study.ledger.read())
    champion = {selection.champion: "champion"} if selection and selection.champion else {}
    return ({winner.trial: "best"} if winner else {}) | champion
