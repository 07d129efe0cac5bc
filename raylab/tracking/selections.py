"""Selections over seeds (`raylab select`), computed from the events of the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from raylab.tracking.events import Event, Selected, SelectionStarted
from raylab.tracking.records import Mode, TrialRecord, costs, front, is_number


@dataclass(frozen=True)
class Selection:
    """The arguments of a selection, and its choice.

    Attributes:
        trials: The candidates, best first by the search.
        values: `training.seed` of the repetitions, the same for each candidate.
        shuffles: Of the control; 0 where there is none.
        fixed: The candidates without randomness, which are repeated with the first seed only.
        of: The trial of the search whose config was chosen; None while the selection is unfinished.
        champion: The repetition of it that is used.
    """

    top: int
    seeds: int
    rule: str
    shuffles: int
    trials: tuple[str, ...]
    values: tuple[int, ...]
    of: str | None = None
    champion: str | None = None
    fixed: tuple[str, ...] = ()

    @property
    def ended(self) -> bool:
        return self.champion is not None

    def repetitions(self) -> list[tuple[str, str, int]]:
        """(id, the trial it repeats, its seed), seed by seed: an interrupted selection has few
        seeds of all.
        """
        return [
            (f"{of}-seed{seed}", of, seed)
            for seed in self.values
            for of in self.trials
            if of not in self.fixed or seed == self.values[0]
        ]


def selections(events: Iterable[Event]) -> list[Selection]:
    """The study's selections in the order of their start; only the last can be unfinished."""
    started: list[Selection] = []
    for event in events:
        if isinstance(event, SelectionStarted):
            started.append(
                Selection(
                    top=event.top,
                    seeds=event.seeds,
                    rule=event.rule,
                    shuffles=event.shuffles,
                    trials=event.trials,
                    values=event.values,
                    fixed=tuple(event.fixed),
                )
            )
        elif isinstance(event, Selected) and started:
            started[-1] = replace(started[-1], of=event.of, champion=event.trial)
    return started


def ended_selection(events: Iterable[Event]) -> Selection | None:
    """The last selection that came to a choice."""
    ended = (selection for selection in reversed(selections(events)) if selection.ended)
    return next(ended, None)


def drawn(records: Iterable[TrialRecord]) -> list[TrialRecord]:
    """The trials of the search, without those that repeat one."""
    return [record for record in records if record.of is None]


def repetitions(records: Iterable[TrialRecord], trial: str) -> list[TrialRecord]:
    return [record for record in records if record.of == trial]


def ranked(records: Sequence[TrialRecord], *modes: Mode) -> list[TrialRecord]:
    """Completed trials of the search, best first; of several objectives those on the front, by the
    first.
    """
    leading = front(records, *modes) if len(modes) > 1 else drawn(records)
    completed = [
        record for record in leading if record.state == "completed" and is_number(record.score)
    ]
    return sorted(completed, key=lambda record: costs(record, modes))
