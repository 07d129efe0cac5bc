"""What Ray Tune carries to a trial's process and to the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, Protocol, TypedDict

from raylab.config.trial import TrialConfig
from raylab.space.parameters import Scalar
from raylab.tracking.study import StudyFolder
from raylab.training.worker import TrialJob
from raylab.tuning.outcome import RoundResult
from raylab.tuning.planning.study_plan import Plan


class Scored(TypedDict):
    """The metrics of a validation that a search needs: the objectives, and the scheduler's."""

    objectives: Sequence[str]
    rung: str


class TrialSetup(TypedDict):
    """One trial as Ray Tune knows it; Tune calls this its config.

    `job` holds the fields of `raylab.training.worker.TrialJob`, `resources` those of the space's
    section. `since` is the last step that the ledger has of the trial, `of` the trial that it
    repeats. `origin` and `origin_step` are as of `TrialStarted`.
    """

    job: dict[str, Any]
    params: Mapping[str, Scalar]
    of: str | None
    since: int
    scored: Scored
    max_steps: int
    resources: dict[str, Any]
    storage: str
    origin: NotRequired[str]
    origin_step: NotRequired[int | None]


class TuneTrial(Protocol):
    """What raylab reads of a trial of Ray Tune."""

    config: TrialSetup
    last_result: RoundResult

    def get_error(self) -> Exception | None: ...


def trial_setup(
    study: StudyFolder,
    plan: Plan,
    trial: str,
    params: Mapping[str, Scalar],
    config: TrialConfig,
    *,
    of: str | None = None,
    since: int = 0,
    until: int | None = None,
    piece: int = 0,
) -> TrialSetup:
    """The setup of a trial; see `TrialSetup`, and `TrialJob` for `until` and `piece`."""
    objectives = plan.space.metrics
    config = _with_monitor(config, objectives[0])
    job = TrialJob(
        trial,
        str(study.trial_folder(trial)),
        str(plan.dataset.path.resolve()),
        config.model_dump(mode="json"),
        threads=plan.space.resources.cpus,
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
        "resources": plan.space.resources.model_dump(),
        "storage": str(study.path / ".tune"),
    }


def _with_monitor(config: TrialConfig, objective: str) -> TrialConfig:
    """The config with the default of training.monitor filled in, so that the record says what was
    used.
    """
    training = config.training
    if training.keep == "last" or training.monitor is not None:
        return config
    return config.model_copy(
        update={"training": training.model_copy(update={"monitor": objective})}
    )
