"""More draws or more time for a search, and what that changes of its budget."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from raylab.errors import StudyError
from raylab.reporting.progress.wording import count
from raylab.space.samplers import MOST_POINTS
from raylab.tracking.drivers import worked_seconds
from raylab.tracking.events import Event
from raylab.tracking.extensions import Extent
from raylab.tracking.records import TrialRecord
from raylab.tracking.study import StudyFolder
from raylab.tuning.checks.repeats import different_points
from raylab.tuning.extending import Extension, extended_budget, extent_of
from raylab.tuning.planning.study_plan import Plan
from raylab.tuning.stopping import Stopping


def more_draws(
    study: StudyFolder,
    plan: Plan,
    records: Sequence[TrialRecord],
    *,
    trials: int = 0,
    hours: float = 0.0,
) -> tuple[Extension, list[str]]:
    """An extension of the search, and notes of what it changes.

    Args:
        trials: How many more trials are drawn.
        hours: How many more hours the search may take.

    Raises:
        StudyError: The search cannot be extended so, or nothing would change.
    """
    events = study.ledger.read()
    reach = extent_of(plan, events)
    _check_kind(study, plan)
    if hours and reach.hours is None:
        raise StudyError(
            f"{study.path}: this search has no budget.hours", "Extend it by `--trials` alone."
        )
    trials, notes = _within_grid(study, plan, reach, trials)
    stopping = _stopping(plan, records, events, reach, hours)
    lifted = ("target",) if trials and stopping.target_reached else ()
    _check_something_changes(study, records, reach, stopping, trials=trials, hours=hours)
    budget = plan.space.budget
    if trials:
        notes.append(
            f"the search draws {count(trials, 'more trial')}, {reach.trials + trials} in total"
        )
    if hours:
        notes.append(f"budget.hours is {(reach.hours or 0) + hours:g} from now on")
    if lifted:
        notes.append(
            f"budget.target {budget.target:g} is reached: it does not end the search any more"
        )
    if trials and budget.plateau is not None:
        notes.append(f"budget.plateau {budget.plateau} is counted anew from now on")
    return Extension(trials, hours, lifted=lifted), notes


def _check_kind(study: StudyFolder, plan: Plan) -> None:
    if not plan.space.search:
        raise StudyError(
            f"{study.path}: this study has a single config, so there is nothing to draw",
            f"Train it further: `raylab extend {study.path} TRIAL --steps N`.",
        )
    if plan.space.scheduler.is_population:
        raise StudyError(
            f"{study.path}: a population (scheduler.kind {plan.space.scheduler.kind}) begins with "
            "all of its members",
            "Train members further (`TRIAL --steps N`), or search again with a larger "
            "budget.trials.",
        )


def _within_grid(
    study: StudyFolder, plan: Plan, reach: Extent, trials: int
) -> tuple[int, list[str]]:
    """As many trials as there are points left, and notes."""
    space = plan.space
    if not trials or any(entry.values() is None for entry in space.search.values()):
        return trials, []
    wanted = reach.trials + trials
    most = MOST_POINTS if space.sampler.visits_grid else wanted
    points = sum(1 for _ in islice(different_points(space, plan.dataset.sessions), most))
    if points >= wanted:
        return trials, []
    if not space.sampler.visits_grid:
        return trials, [f"there are {points} different draws: later trials repeat some"]
    left = points - reach.trials
    if left <= 0:
        raise StudyError(
            f"{study.path}: the grid is exhausted: all of its {points} points belong to the study",
            "Search a larger space, or train trials further (`TRIAL --steps N`).",
        )
    return left, [f"the grid has {points} points: {left} are left, fewer than {trials}"]


def _stopping(
    plan: Plan,
    records: Sequence[TrialRecord],
    events: Sequence[Event],
    reach: Extent,
    hours: float,
) -> Stopping:
    """What ends the search, with the hours that it is given."""
    budget = extended_budget(plan.space.budget, reach)
    more = None if budget.hours is None else budget.hours + hours
    return Stopping(
        budget.model_copy(update={"hours": more}),
        plan.modes[plan.space.metrics[0]],
        known=[record for record in records if record.of is None],
        worked_s=worked_seconds(events),
        drawn_on=reach.drawn_on,
    )


def _check_something_changes(
    study: StudyFolder,
    records: Sequence[TrialRecord],
    reach: Extent,
    stopping: Stopping,
    *,
    trials: int,
    hours: float,
) -> None:
    if stopping.hours_used:
        raise StudyError(
            f"{study.path}: {stopping.reason()}, so no further trial would begin",
            "Give it more time as well: `--hours N`.",
        )
    if trials or not hours:
        return
    drawn = sum(record.of is None and record.origin is None for record in records)
    reason = stopping.reason()
    if drawn >= reach.trials or reason is not None:
        why = reason or f"all {reach.trials} trials have begun"
        raise StudyError(
            f"{study.path}: {why}, so more time changes nothing",
            "Give it more trials as well: `--trials N`.",
        )
