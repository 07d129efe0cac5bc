"""At which steps of a training there are candidates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helpers import dataset, trial

from raylab.analysis.answering.fitting import FitJob, fit, with_overrides
from raylab.analysis.answering.steps import check_steps, step_overrides
from raylab.config.parse import parse_trial
from raylab.config.trial import TrialConfig
from raylab.errors import ConfigError
from raylab.training.candidates import PREDICTIONS, CandidateTable
from raylab.training.updates.schedule import rate_factor


def scheduled(**schedule: Any) -> TrialConfig:
    return trial(
        optimizer={"schedule": schedule}, training={"max_steps": 100, "validate_every": 20}
    )


def shorter(config: TrialConfig, step: int) -> TrialConfig:
    overrides = step_overrides(config, step)
    assert overrides is not None
    return parse_trial(with_overrides(config.model_dump(mode="json"), overrides), "test")


@pytest.mark.parametrize("warmup", [0.0, 0.1, 0.004, 30.0])
def test_a_shorter_training_has_the_same_learning_rates(warmup: float) -> None:
    config = scheduled(kind="constant", warmup=warmup)
    short = shorter(config, 60)
    assert (short.training.max_steps, short.training.interval) == (60, 20)
    for step in range(60):
        of = [
            rate_factor(one.optimizer.schedule, step=step, steps=one.training.max_steps)
            for one in (config, short)
        ]
        assert of[0] == of[1]


def test_no_training_ends_while_the_learning_rate_rises() -> None:
    assert step_overrides(scheduled(kind="constant", warmup=0.4), 40) is None
    assert step_overrides(scheduled(kind="constant", warmup=0.4), 60) is not None


@pytest.mark.parametrize("kind", ["cosine", "onecycle"])
def test_a_schedule_of_all_steps_has_its_last_step_alone(kind: str) -> None:
    config = scheduled(kind=kind)
    assert step_overrides(config, 80) is None
    assert shorter(config, 100).training == config.training


def test_early_stopping_needs_a_constant_learning_rate() -> None:
    stopping: dict[str, Any] = {"training": {"early_stopping": {"patience": 2}}}
    check_steps(trial(**stopping))
    short = shorter(trial(**stopping), 5)
    assert (short.training.keep, short.training.early_stopping) == ("last", None)
    with pytest.raises(ConfigError, match="cannot be repeated"):
        check_steps(trial(**stopping, optimizer={"schedule": {"kind": "cosine"}}))


def test_training_that_stopped_early_has_the_candidates_until_then(tmp_path: Path) -> None:
    data = dataset(tmp_path / "data")
    config = trial(
        training={"max_steps": 400, "early_stopping": {"patience": 1, "min_delta": 2.0}},
        evaluation={"neighbours": [5, 9]},
    ).model_dump(mode="json")
    result = fit(FitJob("t", str(tmp_path / "t"), str(data.path), config, "position"))
    assert (result.error, result.step) == (None, 10)
    table = CandidateTable.load(tmp_path / "t" / PREDICTIONS)
    assert [each["training.max_steps"] for each in table.overrides] == [5, 5, 10, 10]
    assert [each["evaluation.neighbours"] for each in table.overrides] == [[5], [9]] * 2
    assert result.kept_step == table.overrides[table.best]["training.max_steps"]
