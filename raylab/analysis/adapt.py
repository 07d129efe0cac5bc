"""Adaptation: a trial's trained model fitted to other sessions, as a study of one trial."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from raylab.analysis.winner import winner
from raylab.config.parse import parse_trial
from raylab.config.trial import TrialConfig
from raylab.errors import ConfigError, StudyError
from raylab.tasks.families import get_task
from raylab.tracking.study import StudyFolder
from raylab.training.model import Model
from raylab.tuning.driver import Say
from raylab.tuning.planning.study_plan import Plan
from raylab.tuning.run import Parent, begin
from raylab.tuning.train import plan_of_one


def adapt(
    path: str | Path,
    *,
    data: str | Path,
    out: str | Path,
    trial: str | None = None,
    layers: Literal["input", "all"] = "input",
    session: str | None = None,
    overrides: Mapping[str, Any] | None = None,
    say: Say = print,
) -> StudyFolder:
    """Fit a trained model to the sessions of another dataset: each gets a new first layer, as wide
    as it has units, and the trained layers behind it. The trial's config and a copy of its model go
    into the new study.

    Args:
        path: The study whose model is adapted.
        data: The prepared dataset of the new sessions.
        trial: Whose model; default: the best completed trial by validation.
        layers: What is trained: `input` the new first layers only, so that the trained ones stay as
            they are to the bit; `all` everything.
        session: Of the trained model: whose layers are taken, where it has an encoder for each of
            several sessions.
        overrides: Dotted paths, such as training.max_steps; not of the model, which keeps its
            shape.

    Raises:
        ConfigError, DataError, StudyError: before anything is started or written.
    """
    study = StudyFolder.open(Path(path))
    record = winner(study, trial)
    folder = study.model_folder(record.trial)
    trained = Model.load(folder)
    _check_adaptable(trained, study)
    taken = _session(trained, session, study)
    adaptation = {"layers": layers, "session": taken}
    config = {**trained.config.model_dump(mode="json"), "controls": {}, "adaptation": adaptation}
    plan = plan_of_one(config, data, overrides, f"trial {record.trial} of {study.name}")
    _same_shape(trained.config, plan)
    described = {"study": str(study.path), "id": study.id, "trial": record.trial, "session": taken}
    return begin(plan, Path(out), "adapt", say, parent=Parent(folder, described))


def _session(trained: Model, session: str | None, study: StudyFolder) -> str | None:
    """Whose encoder is adapted. None where there is but one."""
    names = list(trained.sessions)
    if session is not None and session not in names:
        raise StudyError(
            f"{study.path}: the model knows no session '{session}'", f"It knows {', '.join(names)}."
        )
    several = len(names) > 1 and trained.config.sessions.combine != "padded"
    if several and session is None:
        raise StudyError(
            f"{study.path}: the model has an encoder for each of {len(names)} sessions",
            f"Say whose layers to take (--session): {', '.join(names)}.",
        )
    return session if several else None


def _check_adaptable(trained: Model, study: StudyFolder) -> None:
    try:
        get_task(trained.config).check_adaptable(trained.config)
    except ConfigError as error:
        raise StudyError(f"{study.path}: {error.what}", error.remedy) from None


def _same_shape(before: TrialConfig, plan: Plan) -> None:
    config, task = parse_trial(plan.space.fixed(), "adapt"), get_task(before)
    if task.model_shape(config) != task.model_shape(before):
        raise ConfigError(
            "adapt: the model's shape is that of the trained one; `--set model...` cannot change "
            "it",
            "Leave it out, or train anew (`raylab train`).",
        )
