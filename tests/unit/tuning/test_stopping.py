"""When a search begins no further trial: time, a score that is good enough, a plateau."""

from __future__ import annotations

from typing import Any

import pytest

from raylab.space.settings import Budget
from raylab.tracking.drivers import worked_seconds
from raylab.tracking.events import DriverStarted, TrialReported
from raylab.tracking.records import TrialRecord
from raylab.tuning.outcome import Outcome
from raylab.tuning.stopping import Stopping


def after(
    budget: dict[str, Any], mode: Any, *scores: float | None, known: Any = (), worked_s: float = 0.0
) -> str | None:
    stopping = Stopping(Budget(**budget), mode, known=known, worked_s=worked_s)
    for score in scores:
        stopping.ended(Outcome("failed" if score is None else "completed", score))
    return stopping.reason()


def test_a_target_is_reached_in_the_objectives_own_direction() -> None:
    assert after({"target": 0.9}, "max", 0.5, 0.89) is None
    assert "target 0.9" in str(after({"target": 0.9}, "max", 0.5, 0.9))
    assert after({"target": 0.1}, "min", 0.5, 0.2) is None
    assert "target 0.1" in str(after({"target": 0.1}, "min", 0.5, 0.1))


def test_a_plateau_counts_trials_since_the_best() -> None:
    assert after({"plateau": 2}, "max", 0.5, 0.4) is None
    assert "last 2 trials" in str(after({"plateau": 2}, "max", 0.5, 0.4, None))
    assert after({"plateau": 2}, "max", 0.5, 0.4, 0.6) is None
    assert after({"plateau": 2}, "max", None, None, None) is None  # there is no best yet


def test_an_early_score_of_a_pruned_trial_is_no_best() -> None:
    stopping = Stopping(Budget(target=0.9), "max")
    stopping.ended(Outcome("pruned", 0.95))
    assert stopping.reason() is None


def test_what_earlier_drivers_saw_counts() -> None:
    known = [
        TrialRecord("0000", "completed", 0.5, ended=1.0),
        TrialRecord("0001", "completed", 0.4, ended=2.0),
    ]
    assert after({"plateau": 2}, "max", 0.3, known=known) is not None
    assert after({"hours": 1.0}, "max", worked_s=3500) is None
    assert "hours" in str(after({"hours": 1.0}, "max", worked_s=3601))


@pytest.mark.parametrize("dead", [False, True])
def test_drivers_count_while_they_are_at_work(dead: bool) -> None:
    """The night between a driver's death and the next one's start is not work."""
    events = [
        DriverStarted(time=100.0),
        TrialReported(time=130.0, trial="0000", step=1),
        *(
            [
                DriverStarted(time=9000.0),
                TrialReported(time=9005.0, trial="0000", step=2),
            ]
            if dead
            else []
        ),
    ]
    assert worked_seconds(events) == (35.0 if dead else 30.0)
