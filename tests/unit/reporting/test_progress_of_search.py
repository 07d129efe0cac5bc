"""What a search is doing and how long it still takes, from simulated ledgers."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_study import T0
from simulated import R2, at, began, finished, simulated, validated

from raylab.files import write_json
from raylab.reporting.progress.wording import headline
from raylab.tracking.events import (
    DriverStarted,
    GenerationEnded,
    SearchStopped,
    StudyEnded,
    TrialTookOver,
)
from raylab.tracking.study import StudyFolder

EARLY = (
    began("0000", 0, params={"model.width": 8}),
    began("0001", 0),
    validated("0001", 15, 20, 0.3),
    finished("0001", 20, 0.3, seconds=20, state="pruned", step=20),
    began("0002", 20, params={"model.width": 16}),
    finished("0000", 40, 0.7, seconds=40),
    validated("0002", 30, 10, 0.2),
    validated("0002", 40, 20, 0.5),
    began("0003", 40),
)


@pytest.fixture
def search(tmp_path: Path) -> StudyFolder:
    return simulated(tmp_path / "study", *EARLY, space={"budget": {"trials": 16}})


def test_running_trials_have_their_step_score_curve_and_speed(search: StudyFolder) -> None:
    known = at(search, 50)
    assert (known.state, known.phase, known.done, known.total) == ("running", "search", 2, 16)
    assert known.counts == {"completed": 1, "pruned": 1, "running": 2}
    trial, new = known.running
    assert (trial.trial, trial.step, trial.max_steps, trial.seconds) == ("0002", 20, 100, 30)
    assert (trial.scores, trial.curve) == ({R2: 0.5}, (0.2, 0.5))
    assert trial.params == {"model.width": 16}
    assert trial.left_s == 70  # 80 steps at a step per second, of which 10 s have passed
    assert (new.trial, new.step, new.scores, new.left_s) == ("0003", 0, {}, None)


def test_the_time_left_follows_from_seconds_per_trial_and_slots(search: StudyFolder) -> None:
    # Two trials took 30 s on average. 0002 has worked as long as that, so it is not stopped soon,
    # and has 70 s to go. 0003 is new, and has 20 s to go as the others. 12 trials wait.
    known = at(search, 50)
    assert known.left_s == pytest.approx((70 + 20 + 12 * 30) / 2)
    assert known.left_from == "2 trials of 30 s, 2 at a time"


def test_pauses_between_trials_count(tmp_path: Path) -> None:
    """Trials of 1 s, one at a time, each 4 s after the one before."""
    events = [
        event
        for number in range(5)
        for event in (
            began(f"{number:04d}", 4 * number + 3),
            finished(f"{number:04d}", 4 * number + 4, 0.5, seconds=1),
        )
    ]
    known = at(simulated(tmp_path / "study", *events, space={"budget": {"trials": 10}}), 20)
    assert known.left_s == pytest.approx(5 * (20 - 3) / 5)


def test_the_best_so_far_stands_beside_the_best_baseline(search: StudyFolder) -> None:
    assert at(search, 50).baseline is None
    scores = {"raw": {"position": {"r2": 0.4}}, "smoothed": {"position": {"r2": 0.6}}}
    write_json(search.baselines_path, {"valid": scores})
    known = at(search, 50)
    assert known.best is not None
    assert known.baseline is not None
    assert (known.best.name, known.best.score) == ("0000", 0.7)
    assert (known.baseline.name, known.baseline.score) == ("smoothed", 0.6)
    assert headline(known) == (
        "search: 2 of 16 trials (1 pruned), 2 running (0002 at step 20/100, 0.5000; 0003), "
        "best 0.7000 (0000), baseline 0.6000 (smoothed activity), about 4 min left"
    )


def test_before_any_end_the_running_trials_say_how_long(tmp_path: Path) -> None:
    events = began("0000", 0), validated("0000", 10, 20, 0.2), validated("0000", 20, 40, 0.1)
    known = at(simulated(tmp_path / "study", *events, space={"budget": {"trials": 3}}), 20)
    assert known.best is not None
    assert known.best.score == 0.1
    assert known.left_s == pytest.approx(30 + 2 * 50)
    assert known.left_from == "the speed of the running trials"


def test_the_hours_of_the_budget_bound_the_time_left(tmp_path: Path) -> None:
    space = {"budget": {"trials": 1000, "hours": 0.05, "plateau": 9}}
    known = at(simulated(tmp_path / "study", *EARLY, space=space), 60)
    assert known.left_s == pytest.approx(180 - 60 + 30)
    assert known.left_from is not None
    assert known.left_from.startswith("budget.hours 0.05, and 2 trials")
    assert known.left_from.endswith("; budget.plateau may end it sooner")


def test_a_resumed_trial_is_as_fast_as_its_last_attempt(tmp_path: Path) -> None:
    events = (
        began("0000", 0),
        validated("0000", 10, 50, 0.2),
        finished("0000", 12, None, seconds=12, state="interrupted", step=50),
        DriverStarted(time=T0 + 1000),
        began("0000", 1000),
        validated("0000", 1020, 60, 0.3),
    )
    study = simulated(tmp_path / "study", *events, space={"budget": {"trials": 1}})
    (trial,) = at(study, 1020).running
    assert (trial.seconds, trial.left_s) == (20, pytest.approx(40 * 2))
    assert at(study, 1020).elapsed_s == pytest.approx(12 + 20)


def test_a_study_waits_runs_stops_and_ends(tmp_path: Path) -> None:
    study = StudyFolder.create(tmp_path / "new", {"objective": None})
    assert (at(study, 0, live=False).state, at(study, 0, live=False).phase) == ("waiting", "start")
    study = simulated(tmp_path / "study", *EARLY)
    stopped = at(study, 50, live=False)
    assert (stopped.state, stopped.running, stopped.left_s) == ("stopped", (), None)
    assert stopped.counts["interrupted"] == 2
    study.ledger.append(
        finished("0002", 60, 0.8, seconds=40),
        finished("0003", 60, None, seconds=20, state="failed", error="no memory"),
        SearchStopped(time=T0 + 60),
    )
    assert at(study, 60).total == 4
    study.ledger.append(StudyEnded(time=T0 + 61))
    ended = at(study, 70)
    assert (ended.state, ended.done, ended.share, ended.left_s) == ("ended", 4, 1.0, None)
    assert [trial.trial for trial in ended.latest][-2:] == ["0000", "0001"]
    assert ended.latest[0].error or ended.latest[1].error == "no memory"


def test_a_population_is_measured_by_its_steps(tmp_path: Path) -> None:
    events = (
        *(began(f"000{number}", 0) for number in range(4)),
        *(validated(f"000{number}", 30, 40, 0.1 * number) for number in range(4)),
        TrialTookOver(time=T0 + 40, trial="0000", source="0003", step=40, params={}, config={}),
        GenerationEnded(time=T0 + 40, step=40),
        validated("0003", 45, 80, 0.5),
    )
    space = {"budget": {"trials": 4}, "scheduler": {"kind": "pbt"}}
    known = at(simulated(tmp_path / "study", *events, space=space), 50)
    assert (known.done, len(known.running)) == (0, 4)
    assert known.best is not None
    assert known.best.name == "0003"
    assert known.left_s == pytest.approx(50 * (400 - 200) / 200)
    assert known.left_from == "50% of the steps of 4 trials"


def test_of_several_objectives_each_has_a_score(tmp_path: Path) -> None:
    objectives = [{"metric": R2, "mode": "max"}, {"metric": "loss", "mode": "min"}]
    events = (
        began("0000", 0),
        finished("0000", 9, 0.5, seconds=9, scores=(0.5, 2.0)),
        began("0001", 0),
        finished("0001", 9, 0.4, seconds=9, scores=(0.4, 1.0)),
        began("0002", 9),
        validated("0002", 12, 50, 0.3, loss=3.0),
    )
    known = at(simulated(tmp_path / "study", *events, objectives=objectives), 12)
    assert known.front == 2
    assert known.running[0].scores == {R2: 0.3, "loss": 3.0}
    assert {tuple(trial.scores.items()) for trial in known.latest} == {
        ((R2, 0.5), ("loss", 2.0)),
        ((R2, 0.4), ("loss", 1.0)),
    }
