"""How a trial ended: one truth for the ledger, Optuna and the user."""

from __future__ import annotations

import math

import pytest

from raylab.studies.outcome import Outcome, outcome, report


def test_a_trial_that_reached_its_last_step_is_completed() -> None:
    result = report({"decoding.r2": 0.5, "loss": 2.0}, step=100, metric="decoding.r2")
    assert result == {"steps": 100, "score": 0.5, "metrics": {"decoding.r2": 0.5, "loss": 2.0}}
    assert outcome(result, max_steps=100) == Outcome("completed", 0.5, 100, {"decoding.r2": 0.5, "loss": 2.0})


@pytest.mark.parametrize("step", [1, 50, 99])
def test_a_trial_stopped_before_is_pruned_at_its_step(step: int) -> None:
    ended = outcome(report({"r2": 0.9}, step=step, metric="r2"), max_steps=100)
    assert (ended.state, ended.score, ended.step) == ("pruned", 0.9, step)


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf])
def test_a_score_that_is_no_number_failed(score: float) -> None:
    ended = outcome(report({"r2": score}, step=100, metric="r2"), max_steps=100)
    assert (ended.state, ended.score) == ("failed", None)
    assert "at step 100" in str(ended.error)


def test_a_metric_that_was_not_measured_failed() -> None:
    ended = outcome(report({"loss": 1.0}, step=10, metric="goodness_of_fit"), max_steps=10)
    assert (ended.state, ended.score) == ("failed", None)


@pytest.mark.parametrize("result", [None, {}, {"steps": 0}])
def test_nothing_reported_failed(result: dict | None) -> None:
    ended = outcome(result, max_steps=10)
    assert (ended.state, ended.step, ended.error) == ("failed", 0, "ended without a result")


def test_the_reason_of_a_failure_is_kept() -> None:
    told = outcome({"steps": 30, "error": "TrainingError: the loss is nan"}, max_steps=100)
    assert (told.state, told.step, told.error) == ("failed", 30, "TrainingError: the loss is nan")
    after_score = {**report({"r2": 0.5}, step=100, metric="r2")}
    assert outcome(after_score, max_steps=100, crash="the process died").error == "the process died"
