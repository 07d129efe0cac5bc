"""What study.json and space.yaml say of the work of a study: read once, while events change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from raylab.config.yaml_files import load_yaml
from raylab.tracking.events import Event
from raylab.tracking.extensions import extent
from raylab.tracking.records import Mode
from raylab.tracking.study import ANSWER, StudyFolder

POPULATION = "pbt"  # the kind of scheduler under which all trials train side by side


@dataclass(frozen=True)
class Settings:
    """The fixed facts of a study.

    Attributes:
        name: Of the study.
        kind: The verb that made it.
        metrics: Of the objectives; modes say whether each is better when higher.
        label: The label that is decoded.
        trials: How many trials it has when it is complete; None where there is no space.
        hours: budget.hours.
        sooner: The keys of the budget by which the search may end sooner: `target`, `plateau`.
        scheduler: The kind of the scheduler.
        minutes: Of an answer: its budget.
        folds: Of an answer: their number.
        created: When the study was made, in unix seconds.
    """

    name: str
    kind: str
    metrics: tuple[str, ...] = ()
    modes: tuple[Mode, ...] = ()
    label: str | None = None
    trials: int | None = None
    hours: float | None = None
    sooner: tuple[str, ...] = ()
    scheduler: str = "none"
    minutes: float | None = None
    folds: int = 0
    created: float | None = None

    @classmethod
    def of(cls, study: StudyFolder) -> Self:
        """The settings of a study.

        Raises:
            ConfigError: Its space.yaml cannot be read.
        """
        described = study.description
        space = load_yaml(study.space_path) if study.space_path.is_file() else {}
        budget, scheduler = _section(space, "budget"), _section(space, "scheduler")
        question = described.get(ANSWER) or {}
        return cls(
            name=study.name,
            kind=str(described.get("kind", "search")),
            metrics=study.metrics,
            modes=study.modes,
            label=described["label"],
            trials=_trials(described.get("kind"), budget, space),
            hours=budget.get("hours"),
            sooner=tuple(key for key in ("target", "plateau") if budget.get(key) is not None),
            scheduler=str(scheduler.get("kind", "none")),
            minutes=question.get("minutes"),
            folds=len(question.get("folds") or ()),
            created=described.get("created"),
        )

    def extended(self, events: Iterable[Event]) -> Self:
        """The settings with what `raylab extend` added."""
        if self.trials is None:
            return self
        reach = extent(events, trials=self.trials, hours=self.hours)
        sooner = tuple(key for key in self.sooner if key not in reach.lifted)
        return replace(self, trials=reach.total, hours=reach.hours, sooner=sooner)

    @property
    def is_answer(self) -> bool:
        return self.kind == ANSWER

    @property
    def is_population(self) -> bool:
        """Whether all trials train side by side, in generations."""
        return self.scheduler == POPULATION


def _section(space: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = space.get(name)
    return section if isinstance(section, Mapping) else {}


def _trials(kind: object, budget: Mapping[str, Any], space: Mapping[str, Any]) -> int | None:
    if kind in ("train", "adapt"):
        return 1
    if kind == ANSWER or not space:
        return None
    trials = budget.get("trials")
    return trials if isinstance(trials, int) else None
