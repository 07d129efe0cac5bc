"""From events to selections (`raylab select`): pure functions over the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from raylab.tracking.records import Mode, TrialRecord, costs, front, is_number


@dataclass(frozen=True)
class Selection:
    """What a selection was asked, and its choice.

    Attributes:
        trials: The candidates, best first by the search.
        values: `training.seed` of the repetitions, the same for each candidate.
        shuffles: Of the control; 0 where there is none.
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

    @property
    def ended(self) -> bool:
        return self.champion is not None

    def repetitions(self) -> list[tuple[str, str, int]]:
        """(id, the trial it repeats, its seed), seed by seed: an interrupted selection has few
        seeds of all.
        """
        return [(f"{of}-seed{seed}", of, seed) for seed in self.values for of in self.trials]


def selections(events: Iterable[Mapping[str, Any]]) -> list[Selection]:
    """In the order they were asked for; only the last can be unfinished."""
    found: list[Selection] = []
    for event in events:
        if event["event"] == "selection_started":
            asked = {name: event[name] for name in ("top", "seeds", "rule", "shuffles")}
            found.append(
                Selection(**asked, trials=tuple(event["trials"]), values=tuple(event["values"]))
            )
        elif event["event"] == "selected" and found:
            found[-1] = replace(found[-1], of=event["of"], champion=event["trial"])
    return found


def ended_selection(events: Iterable[Mapping[str, Any]]) -> Selection | None:
    """The last selection that came to a choice."""
    return next((one for one in reversed(selections(events)) if one.ended), None)


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
    found = [
        record for record in leading if record.state == "completed" and is_number(record.score)
    ]
    return sorted(found, key=lambda record: costs(record, modes))
