"""A trained model fitted to other sessions, as a study of one trial."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from raylab.config.parse import parse_trial
from raylab.config.trial import TrialConfig
from raylab.errors import ConfigError, StudyError
from raylab.paths import AnyPath
from raylab.reporting.study import Study
from raylab.tasks.families import get_task
from raylab.tracking.study import StudyFolder
from raylab.tracking.winner import winner
from raylab.training.model import Model
from raylab.tuning.planning.study_plan import Plan
from raylab.tuning.run import Parent, begin
from raylab.tuning.say import Say
from raylab.tuning.train import plan_of_config


def adapt(
    path: AnyPath,
    *,
    data: AnyPath,
    out: str | Path,
    trial: str | None = None,
    layers: Literal["input", "all"] = "input",
    session: str | None = None,
    overrides: Mapping[str, Any] | None = None,
    say: Say | None = None,
) -> Study:
    """Fit a trained model to the sessions of another dataset, as a study of one trial.

    Each new session gets a first layer of its own, as wide as the session has units; the trained
    layers follow. The trial's config and a copy of its model go into the new study.

    Args:
        path: The study whose model is adapted.
        data: The prepared dataset of the new sessions.
        out: The new study's folder; it must not exist yet.
        trial: The trial whose model is adapted. Default: the study's winner.
        layers: `input` trains only the new first layers, so that the trained layers stay equal to
            the bit; `all` trains everything.
        session: The session whose layers are taken, where the trained model has one encoder per
            session.
        overrides: Config paths and values, such as {"training.max_steps": 100}. The model keeps its
            shape, so paths below `model` are refused.
        say: Receives lines of progress. Default: in a notebook a view that follows the study,
            elsewhere `print`.

    Returns:
        The new study.

    Raises:
        ConfigError, DataError, StudyError: Something does not fit; nothing was started or written.

    Example:
        >>> adapted = raylab.adapt(
        ...     "study", data="dataset", out="adapted", session="a",
        ...     overrides={"training.max_steps": 20}, say=lambda line: None,
        ... )
        >>> [record.state for record in adapted.records()]
        ['completed']
    """
    study = StudyFolder.open(Path(path))
    record = winner(study, trial)
    folder = study.model_folder(record.trial)
    trained = Model.load(folder)
    _check_adaptable(trained, study)
    source = _source_session(trained, session, study)
    adaptation = {"layers": layers, "session": source}
    config = {**trained.config.model_dump(mode="json"), "controls": {}, "adaptation": adaptation}
    plan = plan_of_config(config, data, overrides, f"trial {record.trial} of {study.name}")
    _same_shape(trained.config, plan)
    described = {"study": str(study.path), "id": study.id, "trial": record.trial, "session": source}
    return begin(plan, Path(out), "adapt", say, parent=Parent(folder, described))


def _source_session(trained: Model, session: str | None, study: StudyFolder) -> str | None:
    """The session whose encoder is adapted; None where all sessions share one encoder."""
    names = list(trained.sessions)
    if session is not None and session not in names:
        raise StudyError(
            f"{study.path}: the model has no session '{session}'",
            f"Its sessions: {', '.join(names)}.",
        )
    several = len(names) > 1 and trained.config.sessions.combine != "padded"
    if several and session is None:
        raise StudyError(
            f"{study.path}: the model has one encoder per session ({len(names)})",
            f"Name the session whose layers to take (--session): {', '.join(names)}.",
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
            "adapt: an adapted model has the shape of the trained model; `--set model...` "
            "cannot change it",
            "Leave it out, or train anew (`raylab train`).",
        )
