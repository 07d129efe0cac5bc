"""Schedulers know trials by raylab's ids and remember what the ledger holds. No Ray: they are asked
as Tune asks.
"""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
from ray.tune.schedulers import FIFOScheduler

from raylab.config.parse import parse
from raylab.errors import ConfigError
from raylab.space.load_space import load_space
from raylab.space.schedulers import AshaConfig, HyperbandConfig, MedianConfig, NoSchedulerConfig
from raylab.space.space import Space
from raylab.tracking.events import TrialReported
from raylab.tuning.schedulers import Halving, make_scheduler

STEPS = 900


def reports(trial: str, *scores: float) -> list[TrialReported]:
    """At steps 100, 200, ..."""
    return [
        TrialReported(trial=trial, step=100 * at, rung=score)
        for at, score in enumerate(scores, start=1)
    ]


def ask(scheduler: Any, trial: str, step: int, rung: float) -> str:
    tune_trial = SimpleNamespace(
        trial_id="whatever Tune calls it", config={"job": {"trial": trial}}
    )
    return str(scheduler.on_trial_result(None, tune_trial, {"steps": step, "rung": rung}))


EARLIER = [
    event for number in range(6) for event in reports(f"{number:04d}", *[0.5 + 0.05 * number] * 4)
]


@pytest.mark.parametrize("kind", ["asha", "hyperband", "median"])
def test_a_bad_trial_is_stopped_and_a_good_one_is_not_as_before_the_driver_died(kind: Any) -> None:
    config = load_space({"scheduler": {"kind": kind, "grace_steps": 100}}).scheduler
    scheduler = make_scheduler(config, mode="max", max_steps=STEPS, events=EARLIER)
    verdicts = {f"b{seed}": ask(scheduler, f"b{seed}", 100, 0.1) for seed in range(8)}
    assert "STOP" in verdicts.values()
    assert ask(scheduler, "good", 100, 0.95) == "CONTINUE"
    forgetful = make_scheduler(config, mode="max", max_steps=STEPS)
    assert ask(forgetful, "b0", 100, 0.1) == "CONTINUE"


def test_lower_is_better_where_it_is() -> None:
    scheduler = make_scheduler(
        MedianConfig(kind="median", grace_steps=100), mode="min", max_steps=STEPS, events=EARLIER
    )
    assert ask(scheduler, "low", 100, 0.1) == "CONTINUE"
    assert ask(scheduler, "high", 100, 0.9) == "STOP"


def test_median_waits_for_enough_others() -> None:
    config = MedianConfig(kind="median", grace_steps=100, least_trials=4)
    scheduler = make_scheduler(config, mode="max", max_steps=STEPS, events=EARLIER[:12])
    assert ask(scheduler, "bad", 100, 0.1) == "CONTINUE"
    assert ask(scheduler, "bad", 50, 0.1) == "CONTINUE"


def test_brackets_differ_in_their_first_rung_and_a_trial_keeps_its_own() -> None:
    config = HyperbandConfig(kind="hyperband", grace_steps=100, brackets=3)
    first, again = (make_scheduler(config, mode="max", max_steps=STEPS) for _ in range(2))
    lowest = Counter[int]()
    for number in range(300):
        assert isinstance(first, Halving)
        assert isinstance(again, Halving)
        rungs = first.rungs(f"{number:04d}")
        assert rungs == again.rungs(f"{number:04d}")
        lowest[min(rungs)] += 1
    assert set(lowest) == {100, 300, 900}
    assert lowest[100] > lowest[300] > 0  # more trials where more are stopped


def test_no_rung_within_the_training_means_no_scheduler() -> None:
    assert (
        type(
            make_scheduler(AshaConfig(kind="asha", grace_steps=STEPS), mode="max", max_steps=STEPS)
        )
        is FIFOScheduler
    )
    assert type(make_scheduler(NoSchedulerConfig(), mode="max", max_steps=STEPS)) is FIFOScheduler


@pytest.mark.parametrize(
    ("section", "said"),
    [
        (
            {"kind": "asha", "quantile": 0.3},
            "unknown key 'scheduler.quantile'\n  It exists where scheduler.kind is pbt",
        ),
        (
            {"kind": "median", "reduction_factor": 4},
            "exists where scheduler.kind is asha or hyperband",
        ),
        ({"kind": "pbt", "brackets": 2}, "exists where scheduler.kind is hyperband"),
    ],
)
def test_an_option_of_another_scheduler_is_refused(section: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse(Space, {"scheduler": section}, "space.yaml")
