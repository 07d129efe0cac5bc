"""What trials take, measured from those that have ended, and how many run at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import mean

from raylab.reporting.progress.results import RunningTrial
from raylab.tracking.events import DriverStarted, Event, TrialEnded, TrialLost, TrialStarted
from raylab.tracking.records import TrialRecord

SURE = 2  # times as many trials as run at once must have ended before pauses between trials count


@dataclass(frozen=True)
class Costs:
    """What a further trial takes.

    Attributes:
        seconds: Of the process that runs it, with the pause before the next trial.
        slots: How many run at a time.
        measured: How many trials the seconds were measured from.
    """

    seconds: float
    slots: int
    measured: int


def costs_of(
    trials: Sequence[TrialRecord],
    events: Sequence[Event],
    running: Sequence[RunningTrial],
    *,
    now: float,
) -> Costs | None:
    """The costs of a further trial; None before one has ended.

    Args:
        trials: Those that have ended, all of the kind of the further one.
        running: The trials at work.
        now: In unix seconds.
    """
    worked = [record.seconds for record in trials if record.seconds > 0]
    if not worked:
        return None
    slots = max(most_at_once(events), len(running), 1)
    seconds = mean(worked)
    first, ended = _since_start(events, {record.trial for record in trials})
    if first is not None and ended >= SURE * slots:
        at_work = sum(trial.seconds for trial in running)
        seconds = max(seconds, (slots * (now - first) - at_work) / ended)
    return Costs(seconds, slots, len(worked))


def most_at_once(events: Iterable[Event]) -> int:
    """The most trials that ran at the same time under the last driver."""
    at_work, most = set[str](), 0
    for event in events:
        if isinstance(event, DriverStarted):
            at_work, most = set(), 0
        elif isinstance(event, TrialStarted):
            at_work.add(event.trial)
            most = max(most, len(at_work))
        elif isinstance(event, TrialEnded):
            at_work.discard(event.trial)
    return most


def _since_start(events: Iterable[Event], trials: set[str]) -> tuple[float | None, int]:
    """When the last driver began the first of these trials, and how many it has ended."""
    first, ended, lost = None, 0, False
    for event in events:
        if isinstance(event, DriverStarted):
            first, ended, lost = None, 0, False
        elif isinstance(event, TrialStarted) and first is None:
            first = event.time
        elif isinstance(event, TrialEnded) and event.trial in trials:
            ended += 1
        lost = lost or isinstance(event, TrialLost)
    return (None, 0) if lost else (first, ended)
