"""How a trial ended: one truth for the ledger, Optuna and the user."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from raylab.errors import TrainingError
from raylab.tuning.outcome import Outcome, outcome, report


def told(metrics: dict[str, float], *, step: int, metric: str, **more: Any) -> dict[str, Any]:
    return report({"steps": step, "metrics": metrics, **more}, objectives=[metric])


def test_a_trial_that_reached_its_last_step_is_completed() -> None:
    result = told({"decoding.r2": 0.5, "loss": 2.0}, step=100, metric="decoding.r2")
    assert result == {
        "steps": 100,
        "score": 0.5,
        "rung": 0.5,
        "metrics": {"decoding.r2": 0.5, "loss": 2.0},
    }
    assert outcome(result, max_steps=100) == Outcome(
        "completed", 0.5, 100, {"decoding.r2": 0.5, "loss": 2.0}
    )


@pytest.mark.parametrize("step", [1, 50, 99])
def test_a_trial_stopped_before_is_pruned_at_its_step(step: int) -> None:
    ended = outcome(told({"r2": 0.9}, step=step, metric="r2"), max_steps=100)
    assert (ended.state, ended.score, ended.step) == ("pruned", 0.9, step)


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf])
def test_a_score_that_is_no_number_failed(score: float) -> None:
    ended = outcome(told({"r2": score}, step=100, metric="r2"), max_steps=100)
    assert (ended.state, ended.score) == ("failed", None)
    assert "at step 100" in str(ended.error)


def test_a_metric_that_no_validation_measures_ends_the_trial_at_once() -> None:
    with pytest.raises(TrainingError, match="no validation measures 'goodness_of_fit'"):
        told({"loss": 1.0}, step=10, metric="goodness_of_fit")


def test_the_score_is_that_of_the_model_kept() -> None:
    """A trial that ran to the end or stopped itself is completed; a scheduler prunes it."""
    best = {"step": 40, "metrics": {"r2": 0.8, "loss": 2.0}}
    late = told({"r2": 0.6, "loss": 1.0}, step=60, metric="r2", kept=best)
    assert (late["score"], late["metrics"]["r2"]) == (0.8, 0.6)
    expected = Outcome("pruned", 0.8, 60, best["metrics"], kept_step=40)
    assert outcome(late, max_steps=100) == expected
    assert outcome(late, max_steps=60) == replace(expected, state="completed")
    early = {**late, "stopped": "stopped early at step 60"}
    assert outcome(early, max_steps=100) == replace(
        expected, state="completed", stopped="stopped early at step 60"
    )
    assert outcome({**early, "error": "the loss is nan"}, max_steps=100).state == "failed"


@pytest.mark.parametrize("result", [None, {}, {"steps": 0}])
def test_nothing_reported_failed(result: dict | None) -> None:
    ended = outcome(result, max_steps=10)
    assert (ended.state, ended.step, ended.error) == ("failed", 0, "ended without a result")


def test_the_reason_of_a_failure_is_kept() -> None:
    failed = outcome({"steps": 30, "error": "TrainingError: the loss is nan"}, max_steps=100)
    assert (failed.state, failed.step, failed.error) == (
        "failed",
        30,
        "TrainingError: the loss is nan",
    )
    after_score = told({"r2": 0.5}, step=100, metric="r2")
    assert outcome(after_score, max_steps=100, crash="the process died").error == "the process died"
