"""How far a study goes: its budget and its extensions, computed from the events of the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from raylab.tracking.events import Event, SearchStopped, StudyExtended
from raylab.tracking.records import TrialRecord


@dataclass(frozen=True)
class Addition:
    """A trial that an extension adds to a study.

    Attributes:
        origin: The trial whose config it has.
        steps: The step until which it trains its origin further; None for a trial that is run again
            from the start.
    """

    origin: str
    steps: int | None = None

    @classmethod
    def of(cls, record: TrialRecord) -> Addition | None:
        """The addition that a trial of the ledger stands for; None for a trial that was drawn."""
        if record.origin is None:
            return None
        steps = None if record.origin_step is None else record.config["training"]["max_steps"]
        return cls(record.origin, steps)

    def to_dict(self) -> dict[str, Any]:
        steps = {} if self.steps is None else {"steps": self.steps}
        return {"origin": self.origin, **steps}


@dataclass(frozen=True)
class Extent:
    """What belongs to a study, run or not.

    Attributes:
        trials: How many trials the search draws.
        hours: What `budget.hours` is by now; None where it has no such limit.
        additions: The trials that extensions added, besides those that are drawn.
        lifted: Limits of the budget that no longer end the search.
        drawn_on: When the search was last extended to more trials, in unix seconds; 0 for never.
    """

    trials: int
    hours: float | None = None
    additions: tuple[Addition, ...] = ()
    lifted: tuple[str, ...] = ()
    drawn_on: float = 0.0

    @property
    def total(self) -> int:
        """How many trials the study has when it is complete, without repetitions over seeds."""
        return self.trials + len(self.additions)


def extent(events: Iterable[Event], *, trials: int, hours: float | None = None) -> Extent:
    """How far a study goes.

    Args:
        events: As `Ledger.read` gives them.
        trials: `budget.trials` of the study's space.
        hours: `budget.hours` of the study's space.
    """
    result = Extent(trials, hours)
    for event in events:
        if isinstance(event, StudyExtended):
            result = extended(result, event)
    return result


def extended(before: Extent, event: StudyExtended) -> Extent:
    """How far a study goes after one more extension."""
    added = tuple(Addition(**entry) for entry in event.added or ())
    return replace(
        before,
        trials=before.trials if event.trials is None else event.trials,
        hours=before.hours if event.hours is None else event.hours,
        additions=(*before.additions, *added),
        lifted=(*before.lifted, *(event.lifted or ())),
        drawn_on=before.drawn_on if event.trials is None else event.time,
    )


def waiting_additions(
    additions: Iterable[Addition], records: Iterable[TrialRecord]
) -> list[Addition]:
    """The additions for which no trial has begun, in their order."""
    begun = Counter(Addition.of(record) for record in records)
    waiting = []
    for addition in additions:
        if begun[addition]:
            begun[addition] -= 1
        else:
            waiting.append(addition)
    return waiting


def is_stopped(events: Iterable[Event]) -> bool:
    """Whether the budget ended the search before all trials were drawn, and no extension has opened
    it again.
    """
    stopped = False
    for event in events:
        if isinstance(event, SearchStopped | StudyExtended):
            stopped = isinstance(event, SearchStopped)
    return stopped
