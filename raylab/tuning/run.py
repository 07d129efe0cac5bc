"""A study from its first file to its report: makes the folder, runs what is missing, sums it up."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING

import yaml

from raylab.config.parse import parse_trial
from raylab.config.plugins import Plugin, plugins_of
from raylab.errors import ConfigError, StudyError
from raylab.evaluation.metrics import GROUP, package_of_metric
from raylab.files import write_text
from raylab.processes import child_processes, this_process
from raylab.reporting.notebooks.watched import watched
from raylab.reporting.study import Study
from raylab.space.conditions import stand_in
from raylab.tracking.background import BackgroundMirror
from raylab.tracking.events import DriverStarted, StudyEnded
from raylab.tracking.mlflow.addresses import default_uri
from raylab.tracking.mlflow.mirror import Mirror
from raylab.tracking.records import TrialRecord
from raylab.tracking.study import StudyFolder
from raylab.tuning.baselines import StudyBaselines
from raylab.tuning.control import interruption
from raylab.tuning.driver import run_trials
from raylab.tuning.leftovers import end_left_behind
from raylab.tuning.planning.study_plan import Plan, connect_for, make_plan, refuse_existing
from raylab.tuning.say import Say
from raylab.tuning.study_report import report
from raylab.tuning.sync import register_winners

if TYPE_CHECKING:
    from raylab.reporting.canvas import Figure

# Seconds after which MLflow first gets what there is, and after which what the end of a study needs
# is imported. Then the first trials have begun, and the driver waits for them.
_FIRST_SYNC_S, _WARM_S = 2.0, 4.0


@dataclass(frozen=True)
class Parent:
    """A trained model that a study begins from.

    Attributes:
        model: The folder of the model.
        described: What study.json records of it.
    """

    model: Path
    described: Mapping[str, object]


def begin(
    plan: Plan, out: Path, kind: str, say: Say | None, *, parent: Parent | None = None
) -> Study:
    """Make a study and run it.

    Args:
        plan: The checked space and its dataset.
        out: The folder of the study; must not exist.
        kind: The verb that begins it: "search", "train" or "adapt".
        say: Receives a line of text per note and per trial; None: as `watched` decides.
        parent: The model whose weights the trials start from.

    Raises:
        ConfigError: The space adapts a model, and there is none.
        StudyError: The folder exists, or a trial does not fit the machines.
    """
    if parent is None and parse_trial(stand_in(plan.space), "space").adapts:
        raise ConfigError(
            "adaptation: there is no trained model to adapt", "Use `raylab adapt STUDY --data ...`."
        )
    refuse_existing(out)
    with watched(out, say, stage="starting Ray") as listener:
        for note in plan.notes:
            listener(f"note: {note}")
        slots = connect_for(plan.space.resources, plan.space.budget.trials)
        study = create_study(out, plan, kind, parent)
        run_study(study, plan, slots, listener)
    return study


def create_study(out: Path, plan: Plan, kind: str, parent: Parent | None = None) -> Study:
    """Make the folder of a study, without running any trial."""
    resolved = plan.space.model_dump(mode="json", by_alias=True, exclude_none=True)

    def fill(folder: Path) -> None:
        study = StudyFolder(folder, {})
        write_text(study.space_path, yaml.safe_dump(resolved, sort_keys=False))
        if parent:
            shutil.copytree(parent.model, study.parent_path)

    described = _describe(plan, kind) | ({"parent": parent.described} if parent else {})
    if plugins := [*plugins_of(resolved), *_metric_plugins(plan)]:
        described["plugins"] = plugins
    return Study.create(out, described, fill=fill)


def _metric_plugins(plan: Plan) -> list[Plugin]:
    """The objectives that installed packages provide, as study.json records them."""
    packages = {metric: package_of_metric(metric) for metric in plan.space.metrics}
    return [
        Plugin(group=GROUP, name=metric, package=package)
        for metric, package in packages.items()
        if package
    ]


def _describe(plan: Plan, kind: str) -> dict[str, object]:
    """What study.json records of a plan."""
    objectives = [{"metric": metric, "mode": plan.modes[metric]} for metric in plan.space.metrics]
    return {
        "kind": kind,
        "data": {
            "path": str(plan.dataset.path.resolve()),
            "fingerprint": plan.dataset.fingerprint,
            "notes": [note.line for note in plan.dataset.notes],
        },
        "task": plan.space.fixed()["task"],
        "objective": objectives[0],
        **({"objectives": objectives} if len(objectives) > 1 else {}),
        "label": plan.label,
        "tracking": {"uri": default_uri()},
    }


def plan_of(study: StudyFolder, *, runs: bool = False) -> Plan:
    """The plan of an existing study.

    Args:
        runs: Whether trials run at once; see `make_plan`.

    Raises:
        StudyError: The dataset has changed since the study began.
    """
    if study.is_answer:
        raise StudyError(
            f"{study.path}: an answer, which has no search space of its own",
            "It chooses by itself, over seeds and folds: see `raylab report`.",
        )
    plan = make_plan(study.space_path, study.description["data"]["path"], begun=True, runs=runs)
    if plan.dataset.fingerprint != study.description["data"]["fingerprint"]:
        raise StudyError(
            f"{plan.dataset.path}: not the data this study began with (other fingerprint)",
            "Restore that dataset, or start another study.",
        )
    return plan


def run_study(study: StudyFolder, plan: Plan, slots: int, say: Say) -> None:
    """Run what is missing of a search, then write its report and register its winner in MLflow.

    Args:
        slots: How many trials run at the same time; 0 where no trial is missing.
    """
    baselines = StudyBaselines(study, plan, slots=slots)

    def conclude() -> None:
        baselines.finish(say)
        report(study.path)

    try:
        mirror = run_recorded(
            study,
            say,
            lambda on_end: run_trials(study, plan, slots=slots, say=say, on_end=on_end),
            conclude,
        )
    except BaseException:
        baselines.cancel()
        raise
    if mirror is not None:
        register_winners(study, say, mirror)


def run_recorded(
    study: StudyFolder,
    say: Say,
    run: Callable[[Callable[[], None]], None],
    conclude: Callable[[], None] = lambda: None,
) -> Mirror | None:
    """Run a driver, with its start and end in the ledger and its trials mirrored in MLflow.

    Args:
        run: The driver. Its argument is to be called after each trial's end.
        conclude: Writes the files that the study has at its end, while MLflow gets the last trials.

    Returns:
        The mirror in MLflow; None where MLflow lacks a part of the ledger.
    """
    with study.hold():
        killed = end_left_behind(study)
        if killed:
            say(f"ended {len(killed)} processes that a killed driver of this study left behind")
        started = DriverStarted(**this_process(), processes=tuple(child_processes()))
        study.ledger.append(started)
        mirror = Mirror(study, figures=partial(_figures, study))
        background = BackgroundMirror(mirror, first_s=_FIRST_SYNC_S)
        warming = Timer(_WARM_S, _load_reports)
        warming.start()
        try:
            run(background.notify)
            study.ledger.append(StudyEnded())
            background.notify()
            conclude()
        except KeyboardInterrupt as interrupt:
            raise interrupt if interrupt.args else interruption(study) from None
        finally:
            warming.cancel()
            problem = background.close()
            if problem:
                say(
                    f"MLflow is not up to date ({problem}). The ledger has every record: run "
                    f"`raylab sync {study.path}`"
                )
    return None if problem else mirror


def _figures(study: StudyFolder, record: TrialRecord) -> dict[str, Figure]:
    """The figures of a trial for MLflow."""
    from raylab.reporting.trial_figures import trial_figures  # slow: it imports plotly

    return trial_figures(study)(record)


def _load_reports() -> None:
    """Import what the end of a study needs, while its trials run."""
    import raylab.reporting.study_page
    import raylab.reporting.trial_figures  # noqa: F401
