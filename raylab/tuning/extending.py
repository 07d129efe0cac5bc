"""Extensions of a study: what they add, what they change of its budget, and how added trials begin.

A trial that trains another one further has a copy of its last checkpoint. It goes on exactly as the
other one would have, as far as nothing of the config depends on `training.max_steps`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from raylab.config.dotted import set_path
from raylab.config.parse import parse_trial
from raylab.config.trial import TrialConfig
from raylab.errors import StudyError
from raylab.files import atomic_path
from raylab.space.settings import Budget
from raylab.tracking.events import Event, StudyExtended
from raylab.tracking.extensions import Addition, Extent, extent
from raylab.tracking.records import TrialRecord
from raylab.tracking.study import StudyFolder
from raylab.training.checkpoints import CHECKPOINT, step_of
from raylab.training.worker import taken_path
from raylab.tuning.job import TrialSetup, trial_setup
from raylab.tuning.planning.study_plan import Plan

PIECE = 1  # of a trial that trains another one further: its own training follows the other's


@dataclass(frozen=True)
class Extension:
    """What a user adds to a study.

    Attributes:
        trials: How many more trials are drawn.
        hours: How many more hours the search may take.
        added: Trials with the config of another one.
        lifted: Limits of the budget that no longer end the search.
    """

    trials: int = 0
    hours: float = 0.0
    added: tuple[Addition, ...] = ()
    lifted: tuple[str, ...] = ()

    def with_added(self, additions: Iterable[Addition]) -> Extension:
        """The same with more added trials."""
        return replace(self, added=(*self.added, *additions))

    def to_dict(self) -> dict[str, Any]:
        """As a request carries it."""
        added = [addition.to_dict() for addition in self.added]
        return {
            "trials": self.trials,
            "hours": self.hours,
            "added": added,
            "lifted": list(self.lifted),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Extension:
        added = tuple(Addition(**entry) for entry in values["added"])
        return cls(values["trials"], values["hours"], added, tuple(values["lifted"]))

    def event(self, before: Extent, request: str | None = None) -> StudyExtended:
        """The event that adds it to a study which goes as far as `before`."""
        return StudyExtended(
            trials=before.trials + self.trials if self.trials else None,
            hours=(before.hours or 0.0) + self.hours if self.hours else None,
            added=tuple(addition.to_dict() for addition in self.added) or None,
            lifted=self.lifted or None,
            request=request,
        )


def extent_of(plan: Plan, events: list[Event]) -> Extent:
    """How far a study goes, by its budget and its extensions."""
    budget = plan.space.budget
    return extent(events, trials=budget.trials, hours=budget.hours)


def extended_budget(budget: Budget, reach: Extent) -> Budget:
    """The budget of an extended study."""
    lifted = dict.fromkeys(reach.lifted)
    return budget.model_copy(update={"trials": reach.trials, "hours": reach.hours, **lifted})


def added_setup(
    study: StudyFolder, plan: Plan, trial: str, origin: TrialRecord, addition: Addition
) -> TrialSetup:
    """The setup of a trial that an extension added.

    Raises:
        StudyError: The checkpoint of its origin is gone.
    """
    steps, step = addition.steps, None
    if steps is not None:
        step = begin_from(study, origin.trial, trial)
    config = config_of(origin, steps)
    piece = 0 if steps is None else PIECE
    setup = trial_setup(study, plan, trial, origin.params, config, piece=piece)
    return {**setup, "origin": origin.trial, "origin_step": step}


def config_of(origin: TrialRecord, steps: int | None) -> TrialConfig:
    """The config of an added trial: that of its origin, with the steps until which it trains.

    Validations stay where they were: by default their interval is a tenth of all steps.
    """
    config = parse_trial(origin.config, f"trial {origin.trial}")
    if steps is None:
        return config
    every = config.training.interval
    values = set_path(origin.config, "training.validate_every", every)
    values = set_path(values, "training.max_steps", steps)
    return parse_trial(values, f"trial {origin.trial} for {steps} steps")


def begin_from(study: StudyFolder, origin: str, trial: str) -> int:
    """Copy the last checkpoint of a trial for another one, unless it is there; returns its step.

    Raises:
        StudyError: There is no checkpoint.
    """
    source = checkpoint_of(study, origin)
    folder = study.trial_folder(trial)
    taken = taken_path(folder, PIECE)
    if not taken.is_file():
        if not source.is_file():
            raise StudyError(
                f"{study.path}: trial {origin} has no checkpoint to go on from",
                "Restore it from a copy of the study.",
            )
        _copy(study.embedding_path(origin), study.embedding_path(trial))
        _copy(source, taken)
    return step_of(taken)


def checkpoint_of(study: StudyFolder, trial: str) -> Path:
    """The last checkpoint of a trial."""
    return study.checkpoint_folder(trial) / CHECKPOINT


def _copy(source: Path, target: Path) -> None:
    """Copy a file, whole or not at all. The embedding of the kept model is only written again where
    a later model is better.
    """
    if source.is_file():
        with atomic_path(target) as temporary:
            shutil.copyfile(source, temporary)
