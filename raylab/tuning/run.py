"""run: to be described."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from raylab.config.parse import parse_trial
from raylab.errors import ConfigError, StudyError
from raylab.evaluation.baselines import Baselines
from raylab.files import write_json, write_text
from raylab.processes import below, this_process
from raylab.space.conditions import stand_in
from raylab.tracking.events import DriverStarted, StudyEnded
from raylab.tracking.mlflow import BackgroundMirror, Mirror, default_uri
from raylab.tracking.study import StudyFolder
from raylab.tuning.driver import Say, run_trials
from raylab.tuning.leftovers import end_left_behind
from raylab.tuning.planning.study_plan import Plan, connect_for, make_plan
from raylab.tuning.study_report import report
from raylab.tuning.sync import register_winners


def planned(study: StudyFolder) -> Plan:
    """The plan of a study that was begun. StudyError where its dataset is another one now."""
    plan = make_plan(study.space_path, study.description["data"]["path"])
    if plan.dataset.fingerprint != study.description["data"]["fingerprint"]:
        raise StudyError(
            f"{plan.dataset.path}: not the data this study began with (other fingerprint)",
            "Restore that dataset, or start another study.",
        )
    return plan


def _baselines(study: StudyFolder, plan: Plan, say: Say) -> None:
    """What the scored label reaches without any model, beside the leaderboard from the start."""
    if plan.label and study.baselines() is None:
        # `first` is never searched (see checks.py), so the fixed part of the space says which
        # sessions are used.
        fixed = parse_trial(plan.space.fixed(), "space")
        baselines = Baselines(plan.dataset, fixed.evaluation.matched, [plan.label], fixed.sessions)
        write_json(
            study.baselines_path,
            {"valid": baselines.scores("valid"), "settings": baselines.settings},
        )
        if baselines.held_out:
            say(
                "note: sessions held out whole have chance as their only baseline: "
                f"{', '.join(baselines.held_out)}"
            )


def begin(
    plan: Plan, out: Path, kind: str, say: Say, *, parent: Parent | None = None
) -> StudyFolder:
    """Make a study and run it. StudyError where its folder is there already."""
    if parent is None and parse_trial(stand_in(plan.space), "space").adapts:
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
    from raylab.reporting.trial_figures import trial_figures

    with study.hold():
        left = end_left_behind(study)
        if left:
            say(f"ended {len(left)} processes that a killed driver of this study left behind")
        study.ledger.append(DriverStarted(**this_process(), processes=tuple(below())))
        mirror = BackgroundMirror(Mirror(study, figures=trial_figures(study)))
        try:
            run(mirror.notify)
            study.ledger.append(StudyEnded())
        finally:
            problem = mirror.close()
            if problem:
                say(
                    f"MLflow is behind ({problem}); the ledger has everything: `raylab sync "
                    f"{study.path}` catches up"
                )
    return problem
