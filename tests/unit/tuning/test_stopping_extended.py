"""What ends a search that was extended."""

from __future__ import annotations

from raylab.space.settings import Budget
from raylab.tracking.drivers import worked_seconds
from raylab.tracking.events import DriverStarted, Event, StudyEnded, StudyExtended
from raylab.tracking.events import TestRead as Reading
from raylab.tracking.extensions import extent
from raylab.tracking.records import TrialRecord
from raylab.tuning.extending import extended_budget
from raylab.tuning.outcome import Outcome
from raylab.tuning.stopping import Stopping


def record(trial: str, score: float, ended: float) -> TrialRecord:
    return TrialRecord(trial, "completed", score=score, ended=ended)


def test_a_target_that_was_lifted_ends_no_search() -> None:
    budget = Budget(trials=4, target=0.5, hours=1)
    lifted = StudyExtended(trials=9, hours=3.0, lifted=("target",))
    after = extended_budget(budget, extent([lifted], trials=4, hours=1))
    assert (after.trials, after.hours, after.target) == (9, 3.0, None)
    known = [record("0000", 0.6, 1.0)]
    assert "target" in str(Stopping(budget, "max", known=known).reason())
    assert Stopping(after, "max", known=known).reason() is None


def test_a_plateau_is_counted_anew_and_the_best_is_remembered() -> None:
    budget = Budget(trials=9, plateau=2)
    known = [record("0000", 0.6, 1.0), record("0001", 0.5, 2.0), record("0002", 0.4, 3.0)]
    assert "plateau" in str(Stopping(budget, "max", known=known).reason())
    stopping = Stopping(budget, "max", known=known, drawn_on=4.0)
    assert stopping.reason() is None
    stopping.ended(Outcome("completed", 0.55))
    assert stopping.reason() is None
    stopping.ended(Outcome("completed", 0.56))
    assert "plateau" in str(stopping.reason())


def test_a_running_search_that_gets_more_trials_counts_its_plateau_anew() -> None:
    budget = Budget(trials=9, plateau=1)
    stopping = Stopping(budget, "max", known=[record("0000", 0.6, 1.0), record("0001", 0.5, 2.0)])
    assert stopping.reason() is not None
    stopping.extend(budget.model_copy(update={"hours": 2.0}))
    assert stopping.reason() is not None
    stopping.extend(budget.model_copy(update={"trials": 10}))
    assert stopping.reason() is None


def test_hours_between_drivers_are_not_worked() -> None:
    """Reading the test part, or an extension, days after a driver has ended."""
    events: list[Event] = [
        DriverStarted(time=100.0),
        StudyEnded(time=160.0),
        Reading(time=9_000.0, trial="0000"),
        StudyExtended(time=10_000.0, trials=9),
        DriverStarted(time=10_010.0),
        StudyEnded(time=10_040.0),
    ]
    assert worked_seconds(events) == 90.0
