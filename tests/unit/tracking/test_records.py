"""From events to trials: states, resumes, the best."""

from __future__ import annotations

import math

import pytest
from fake_study import T0, ended, reported, started

from raylab.tracking import events
from raylab.tracking.events import StudyEnded, TrialStarted, parse_event
from raylab.tracking.records import best, best_so_far, is_ended, reads_of_test, records
from raylab.tracking.runs import trial_run


@pytest.mark.parametrize("state", ["completed", "pruned", "failed", "interrupted"])
def test_a_trial_ends_in_the_state_it_ended_in(state: str) -> None:
    (record,) = records(
        [started("0000", x=1), reported("0000", 10, loss=2.0), ended("0000", state, 0.5)], live=True
    )
    assert (record.state, record.score, record.params, record.step) == (state, 0.5, {"x": 1}, 100)


@pytest.mark.parametrize(
    ("live", "state", "end"), [(True, "running", None), (False, "interrupted", T0 + 7)]
)
def test_a_trial_without_an_end(live: bool, state: str, end: float | None) -> None:
    (record,) = records([started("0000"), reported("0000", 10, time=T0 + 7, loss=2.0)], live=live)
    assert (record.state, record.ended, record.step, record.metrics) == (
        state,
        end,
        10,
        {"loss": 2.0},
    )
    assert record.score is None


def test_a_resumed_trial_counts_each_step_once_and_its_last_state_wins() -> None:
    log = [
        started("0000", x=1), reported("0000", 10, loss=3.0), reported("0000", 20, loss=9.0),
        ended("0000", "interrupted", None, seconds=5.0),
        started("0000", time=T0 + 100, x=1), reported("0000", 20, time=T0 + 101, loss=2.0),
        reported("0000", 30, time=T0 + 102, loss=1.0),
        ended("0000", "completed", 0.7, time=T0 + 103, seconds=4.0),
    ]  # fmt: skip
    (record,) = records(log, live=False)
    assert [(step, metrics["loss"]) for _, step, metrics in record.history] == [
        (10, 3.0),
        (20, 2.0),
        (30, 1.0),
    ]
    assert (record.state, record.score, record.seconds, record.started) == (
        "completed",
        0.7,
        9.0,
        T0,
    )


def test_which_model_is_kept_and_why_training_stopped() -> None:
    early = ended("0000", "completed", 0.5, kept_step=40, stopped="stopped early at step 100")
    (record,) = records([started("0000"), early], live=False)
    assert (record.kept_step, record.stopped) == (40, "stopped early at step 100")
    tags = trial_run(record, study={"id": "s", "name": "n"}).tags
    assert (tags["raylab.kept_step"], tags["raylab.stopped"]) == ("40", "stopped early at step 100")
    (again,) = records([started("0000"), early, started("0000", time=T0 + 50)], live=True)
    assert (again.kept_step, again.stopped) == (None, None)
    assert "raylab.kept_step" not in trial_run(again, study={"id": "s", "name": "n"}).tags


def test_a_resumed_trial_that_runs_again_has_no_end() -> None:
    log = [started("0000"), ended("0000", "interrupted", None), started("0000", time=T0 + 50)]
    assert records(log, live=True)[0].state == "running"
    assert records(log, live=True)[0].ended is None


def test_a_loss_that_is_no_number_stays_visible() -> None:
    (record,) = records(
        [
            started("0000"),
            parse_event({**reported("0000", 1).to_dict(), "metrics": {"loss": None}}),
        ],
        live=True,
    )
    assert math.isnan(record.metrics["loss"])


def test_only_completed_trials_win_and_ties_go_to_the_earliest() -> None:
    log = [started("0000"), ended("0000", "pruned", 0.99)]
    for trial, score in (("0001", 0.5), ("0002", 0.7), ("0003", 0.7), ("0004", math.nan)):
        log += [started(trial), ended(trial, "completed", score, time=T0 + int(trial))]
    found = records(log, live=False)
    assert getattr(best(found, "max"), "trial", None) == "0002"
    assert getattr(best(found, "min"), "trial", None) == "0001"
    assert best(found[:1], "max") is None
    assert [score for _, score in best_so_far(found, "max")] == [0.5, 0.7, 0.7]


def test_a_study_has_ended_until_it_is_resumed() -> None:
    log = [
        started("0000"),
        ended("0000", "completed", 1.0),
        StudyEnded(time=T0),
    ]
    read = events.TestRead(time=T0, trial="0000", purpose="evaluate")
    assert is_ended([*log, read])
    assert not is_ended([*log, started("0001")])
    assert reads_of_test([*log, read]) == [read]


def test_the_mirrored_run_of_a_record_is_a_pure_function_of_it() -> None:
    log = [
        started("0000", **{"a.b": [1, 2]}),
        reported("0000", 10, loss=2.0),
        ended("0000", "pruned", 0.5),
    ]
    study = {"id": "s", "name": "n", "created": T0}
    first, second = (trial_run(records(log, live=False)[0], study=study) for _ in range(2))
    assert first.digest == second.digest
    assert first.status == "KILLED"
    assert first.params == {
        "task.kind": "contrastive",
        "training.max_steps": "100",
        "training.batch_size": "128",
        "a.b": "[1, 2]",
    }
    assert ("score", 0.5, round((T0 + 9) * 1000), 100) in first.points


def test_trials_of_an_answer_name_their_fold_and_entrant_and_others_do_not() -> None:
    of_answer = TrialStarted(trial="fold0-ridge-03", time=T0, fold=0, entrant="ridge")
    again = TrialStarted(trial="fold0-ridge-03", time=T0 + 5)  # of a resume
    log = [parse_event(event.to_dict()) for event in (of_answer, again, started("0000"))]
    first, other = records(log, live=False)
    assert (first.fold, first.entrant) == (0, "ridge")
    assert (other.fold, other.entrant) == (None, None)
    assert not {"fold", "entrant"} & set(started("0000").to_dict())
