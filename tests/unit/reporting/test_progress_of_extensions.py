"""What an extended study is doing, and how long it still takes, from simulated ledgers."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_study import T0
from simulated import at, began, finished, simulated, validated

from raylab.tracking.events import (
    DriverStarted,
    Event,
    SearchStopped,
    StudyEnded,
    StudyExtended,
    TrialStarted,
)
from raylab.tracking.study import StudyFolder

DAY = 86_400.0
SEARCH: tuple[Event, ...] = (
    began("0000", 0),
    finished("0000", 30, 0.7, seconds=30),
    began("0001", 30),
    finished("0001", 60, None, seconds=30, state="failed", error="no memory"),
    StudyEnded(time=T0 + 60),
)


def extended(folder: Path, budget: dict[str, object], *events: Event) -> StudyFolder:
    return simulated(folder, *SEARCH, *events, space={"budget": {"trials": 2, **budget}})


def test_the_total_counts_what_was_added(tmp_path: Path) -> None:
    study = extended(tmp_path / "study", {})
    assert (at(study, 70).state, at(study, 70).total) == ("ended", 2)
    study.ledger.append(
        StudyExtended(time=T0 + DAY, trials=5, added=({"origin": "0001"},)),
        DriverStarted(time=T0 + DAY),
    )
    known = at(study, DAY + 5)
    assert (known.state, known.done, known.total) == ("running", 2, 6)
    assert known.elapsed_s == pytest.approx(65)
    assert known.left_s == pytest.approx(4 * 30)


def test_an_extension_goes_on_with_a_search_that_its_budget_had_stopped(tmp_path: Path) -> None:
    stopped = SearchStopped(time=T0 + 60)
    more = StudyExtended(time=T0 + 70, trials=12, hours=3.0, lifted=("target",))
    budget = {"trials": 9, "hours": 1, "target": 0.6, "plateau": 5}
    study = extended(tmp_path / "study", budget, stopped)
    assert at(study, 65).total == 2
    study.ledger.append(more, DriverStarted(time=T0 + 70), began("0002", 70))
    known = at(study, 72)
    assert known.total == 12
    assert known.left_from == "2 trials of 30 s; budget.plateau may end it sooner"


def test_added_hours_bound_the_time_left(tmp_path: Path) -> None:
    study = extended(tmp_path / "study", {"trials": 900, "hours": 0.5})
    begun = DriverStarted(time=T0 + DAY)
    study.ledger.append(StudyExtended(time=T0 + DAY, hours=1.0), begun, began("0002", DAY))
    left = at(study, DAY + 10)
    assert left.left_s == pytest.approx(3600 - 70 + 30)
    assert (left.left_from or "").startswith("budget.hours 1")


def test_a_trial_that_is_trained_further_has_its_own_speed(tmp_path: Path) -> None:
    config = {"training": {"max_steps": 200}}
    further = TrialStarted(
        time=T0 + 100, trial="0002", params={}, config=config, origin="0000", origin_step=100
    )
    added = StudyExtended(time=T0 + 90, added=({"origin": "0000", "steps": 200},))
    study = extended(tmp_path / "study", {}, added, DriverStarted(time=T0 + 95), further)
    study.ledger.append(validated("0002", 110, 120, 0.5))
    (trial,) = at(study, 110).running
    assert (trial.step, trial.max_steps, trial.left_s) == (120, 200, pytest.approx(40))
