"""The time left of a search, a selection or a training, from what was measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from raylab.reporting.progress.costs import Costs, costs_of
from raylab.reporting.progress.results import RunningTrial
from raylab.reporting.progress.settings import Settings
from raylab.reporting.progress.stages import Stage
from raylab.reporting.progress.wording import count, duration
from raylab.tracking.events import Event


@dataclass(frozen=True)
class Left:
    """A time left in seconds, and what it was estimated from."""

    seconds: float
    source: str


@dataclass(frozen=True)
class Moment:
    """A study at a moment.

    Attributes:
        running: The trials at work.
        elapsed_s: How long drivers have worked on the study.
        now: In unix seconds.
    """

    settings: Settings
    events: Sequence[Event]
    stage: Stage
    running: Sequence[RunningTrial]
    elapsed_s: float
    now: float


def time_left(moment: Moment) -> Left | None:
    """Seconds until all trials of the stage have ended; None while nothing is measured."""
    stage, running = moment.stage, moment.running
    if stage.total is None:
        return None
    if moment.settings.is_population and stage.selection is None:
        return _of_population(moment)
    costs = costs_of(stage.ended or stage.before, moment.events, running, now=moment.now)
    waiting = max(stage.total - len(stage.ended) - len(running), 0)
    if costs is None:
        costs = _from_running(running)
        if costs is None:
            return None
    pruned = any(record.state == "pruned" for record in stage.ended)
    rest = [_rest(trial, costs, pruned=pruned) for trial in running]
    work = sum(rest) + waiting * costs.seconds
    seconds = max([work / costs.slots, costs.seconds if waiting else 0.0, *rest])
    return _within_hours(moment, Left(seconds, _source(costs, stage)), costs, waiting)


def _rest(trial: RunningTrial, costs: Costs, *, pruned: bool) -> float:
    """Seconds that a running trial still takes. A scheduler may end it sooner than its speed says,
    as it ended others.
    """
    as_others = max(costs.seconds - trial.seconds, 0.0)
    if trial.left_s is None:
        return as_others
    return min(trial.left_s, as_others) if pruned and as_others else trial.left_s


def _from_running(running: Sequence[RunningTrial]) -> Costs | None:
    """What the trials at work will have taken at their end, while none has ended."""
    whole = [trial.seconds + trial.left_s for trial in running if trial.left_s is not None]
    return Costs(sum(whole) / len(whole), len(running), 0) if whole else None


def _source(costs: Costs, stage: Stage) -> str:
    if not costs.measured:
        return "the speed of the running trials"
    of = "" if stage.ended else " of the search"
    at_once = f", {costs.slots} at a time" if costs.slots > 1 else ""
    return f"{count(costs.measured, 'trial')}{of} of {duration(costs.seconds)}{at_once}"


def _within_hours(moment: Moment, left: Left, costs: Costs, waiting: int) -> Left:
    """No trial begins after budget.hours, and those at work then are finished."""
    hours, budget = moment.settings.hours, moment.stage.selection is None
    sooner = ", ".join(f"budget.{key}" for key in moment.settings.sooner) if budget else ""
    if hours is not None and budget and waiting:
        until = max(3600 * hours - moment.elapsed_s, 0.0) + costs.seconds
        if until < left.seconds:
            left = Left(until, f"budget.hours {hours:g}, and {left.source}")
    return Left(left.seconds, f"{left.source}; {sooner} may end it sooner") if sooner else left


def _of_population(moment: Moment) -> Left | None:
    """All members train side by side, so the share of their steps that is done is that of time."""
    stage, total = moment.stage, moment.stage.total or 0
    most = max((trial.max_steps or 0 for trial in moment.running), default=0)
    steps = sum(record.step for record in stage.trials)
    if not most or not steps or not moment.elapsed_s:
        return None
    share = min(steps / (most * max(total, len(stage.trials))), 1.0)
    seconds = moment.elapsed_s * (1 - share) / share
    assert math.isfinite(seconds)
    return Left(seconds, f"{share:.0%} of the steps of {count(total, 'trial')}")
