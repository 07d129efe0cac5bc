"""Which validation's model is kept and when training ends: a fold over scores."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raylab.config.parse import parse
from raylab.config.training import EarlyStopping, TrainingConfig
from raylab.errors import ConfigError, TrainingError
from raylab.training.keeping import Monitor, Progress, monitor_of

DECLARED = {
    "goodness_of_fit": "max",
    "loss": "min",
    "decoding.score": "max",
    "decoding.median_abs_error": "min",
}


def monitor(mode: Any = "max", **stopping: Any) -> Monitor:
    return Monitor("score", mode, EarlyStopping(**stopping) if stopping else None)


def judged(by: Monitor, scores: list[float]) -> list[Progress]:
    """The progress after each validation until it stops, one every 10 steps."""
    found: list[Progress] = []
    for step, score in enumerate(scores, start=1):
        last = found[-1] if found else None
        if by.stops(last):
            break
        found.append(by.after(last, step=10 * step, score=score, metrics={"score": score}))
    return found


@pytest.mark.parametrize("mode", ["max", "min"])
@given(
    scores=st.lists(st.integers(-5, 5).map(lambda tenths: tenths / 8), min_size=1, max_size=30),
    patience=st.integers(1, 5),
    eighths=st.integers(0, 4),
)
def test_the_best_is_kept_and_patience_counts_what_is_no_improvement(
    mode: str, scores: list[float], patience: int, eighths: int
) -> None:
    """Against the definition, written down once more: the scores of validations, until the last
    `patience` of them all lie within `min_delta` of the last improvement.
    """
    delta, sign = eighths / 8, 1 if mode == "max" else -1
    found = judged(monitor(mode, patience=patience, min_delta=delta), scores)
    marks, waited = [scores[0]], 0
    for seen, score in enumerate(scores[1:], start=1):
        if waited == patience:
            scores = scores[:seen]
            break
        better = sign * (score - marks[-1]) > delta
        marks, waited = ([*marks, score], 0) if better else (marks, waited + 1)
    best = max(range(len(scores)), key=lambda at: (sign * scores[at], -at))
    assert len(found) == len(scores)
    last = found[-1]
    assert (last.step, last.best_step, last.best) == (
        10 * len(scores),
        10 * (best + 1),
        scores[best],
    )
    assert (last.mark, last.waited, last.metrics) == (marks[-1], waited, {"score": scores[best]})


def test_a_small_gain_is_kept_though_it_is_no_improvement() -> None:
    by = monitor(patience=2, min_delta=0.1)
    last = judged(by, [0.5, 0.55, 0.59, 0.9])[-1]
    assert (last.step, last.best_step, last.best, last.waited) == (30, 30, 0.59, 2)
    assert by.stops(last)
    said = (
        "stopped early at step 30: 2 validations in a row without a score better by more than 0.1"
    )
    assert by.reason(last) == said


def test_without_early_stopping_only_the_best_is_kept() -> None:
    last = judged(monitor(), [0.5, 0.9, *[0.1] * 50])[-1]
    assert (last.step, last.best_step) == (520, 20)


def test_a_validation_judged_twice_counts_once() -> None:
    """A trial that was killed after its last validation is validated again when it comes back."""
    by = monitor(patience=3)
    last = judged(by, [0.5, 0.4])[-1]
    assert by.after(last, step=20, score=0.4, metrics={}) is last


def test_progress_survives_its_way_through_a_checkpoint() -> None:
    last = judged(monitor(patience=9), [0.1 + 0.2, 1 / 3, 2 / 7])[-1]
    assert Progress(**json.loads(json.dumps(asdict(last)))) == last


@pytest.mark.parametrize("score", [math.nan, math.inf])
def test_a_score_that_is_no_number_is_named(score: float) -> None:
    with pytest.raises(TrainingError, match=r"training\.monitor 'score' is .* at step 10"):
        judged(monitor(), [score])


# -- what a config says ----------------------------------------------------------------------------


def config(**values: Any) -> TrainingConfig:
    return parse(TrainingConfig, values, "test")


def test_early_stopping_keeps_the_best_and_says_so() -> None:
    assert config().keep == "last"
    assert config(early_stopping={}).keep == "best"
    again = config(**config(early_stopping={"patience": 3}).model_dump(mode="json"))
    assert (again.keep, again.early_stopping) == ("best", EarlyStopping(patience=3))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"early_stopping": {}, "keep": "last"}, "early_stopping keeps the best model"),
        ({"monitor": "decoding.score"}, "monitor has no effect"),
        ({"early_stopping": {"patience": 0}}, "early_stopping.patience"),
        ({"early_stopping": {"min_delta": -1}}, "early_stopping.min_delta"),
        ({"early_stopping": {"metric": "r2"}}, "unknown key 'early_stopping.metric'"),
        ({"keep": "first"}, "keep: 'first' is not known"),
        ({"accumulate": 0}, "accumulate"),
        ({"precision": "fp16"}, "precision: 'fp16' is not known"),
    ],
)
def test_configs_that_are_wrong(values: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config(**values)
    assert said in str(caught.value)


def test_the_monitor_and_its_direction() -> None:
    assert monitor_of(config(), DECLARED) is None
    assert monitor_of(config(keep="best"), DECLARED) == Monitor("decoding.score", "max", None)
    assert getattr(
        monitor_of(config(keep="best"), {"goodness_of_fit": "max", "loss": "min"}), "metric", None
    ) == ("goodness_of_fit")
    error = monitor_of(config(early_stopping={}, monitor="decoding.median_abs_error"), DECLARED)
    assert error == Monitor("decoding.median_abs_error", "min", EarlyStopping())


@pytest.mark.parametrize("metric", ["loss", "decoding.r3"])
def test_a_monitor_that_is_no_validation_score(metric: str) -> None:
    with pytest.raises(
        ConfigError, match=f"training.monitor: no validation measures '{metric}'"
    ) as caught:
        monitor_of(config(keep="best", monitor=metric), DECLARED)
    assert "decoding.score" in caught.value.remedy
    assert "loss" not in caught.value.remedy
