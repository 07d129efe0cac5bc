"""Schedules against torch.optim.lr_scheduler, step by step."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.optim import lr_scheduler

from raylab.config.parse import parse, parse_trial
from raylab.config.training import OptimizerConfig
from raylab.errors import ConfigError
from raylab.training.updates.optimizer import Adam, apply_schedule, make_optimizer
from raylab.training.updates.schedule import rate_factor

RATE = 0.02


def optimizer_of(schedule: dict[str, Any]) -> tuple[OptimizerConfig, Adam]:
    config = parse(OptimizerConfig, {"learning_rate": RATE, "schedule": schedule}, "test")
    return config, make_optimizer(config, [torch.nn.Parameter(torch.zeros(3))])


def ours(schedule: dict[str, Any], steps: int) -> list[tuple[float, float]]:
    """(learning rate, beta1) that each update uses."""
    config, optimizer = optimizer_of(schedule)
    found = []
    for step in range(steps):
        apply_schedule(optimizer, config, step=step, steps=steps)
        found.append((optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["betas"][0]))
    return found


def theirs(make: Any, steps: int) -> list[tuple[float, float]]:
    """The same of a torch scheduler, which `make` builds on an optimizer."""
    optimizer = torch.optim.Adam([torch.nn.Parameter(torch.zeros(3))], lr=RATE)
    scheduler, found = make(optimizer), []
    for _ in range(steps):
        found.append((optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["betas"][0]))
        optimizer.step()
        scheduler.step()
    return found


def assert_equal(found: list[tuple[float, float]], expected: list[tuple[float, float]]) -> None:
    torch.testing.assert_close(torch.tensor(found), torch.tensor(expected), rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize(
    ("warmup", "steps", "rising"), [(0, 40, 0), (0.25, 40, 10), (7, 40, 7), (0.01, 20, 0)]
)
@pytest.mark.parametrize("floor", [None, 0.0, 0.1])
def test_warmup_then_constant_or_cosine(
    warmup: float, steps: int, rising: int, floor: float | None
) -> None:
    def torchs(optimizer: torch.optim.Optimizer) -> lr_scheduler.LRScheduler:
        after: lr_scheduler.LRScheduler = lr_scheduler.ConstantLR(optimizer, factor=1.0)
        if floor is not None:
            after = lr_scheduler.CosineAnnealingLR(
                optimizer, T_max=steps - rising, eta_min=floor * RATE
            )
        if not rising:
            return after
        before = lr_scheduler.LinearLR(optimizer, start_factor=1 / (rising + 1), total_iters=rising)
        return lr_scheduler.SequentialLR(optimizer, [before, after], milestones=[rising])

    schedule = (
        {"warmup": warmup}
        if floor is None
        else {"kind": "cosine", "warmup": warmup, "floor": floor}
    )
    found = ours(schedule, steps)
    assert_equal(found, theirs(torchs, steps))
    assert found[rising][0] == RATE


@pytest.mark.parametrize("anneal", ["cos", "linear"])
@pytest.mark.parametrize("warmup", [0.0, 0.3, 0.55, 12])
@pytest.mark.parametrize("cycled", [True, False])
def test_onecycle(anneal: str, warmup: float, cycled: bool) -> None:
    steps, share = 37, warmup if warmup < 1 else warmup / 37
    beta1 = {"kind": "cycled", "low": 0.8, "high": 0.97} if cycled else {"kind": "fixed"}
    found = ours(
        {
            "kind": "onecycle",
            "warmup": warmup,
            "anneal": anneal,
            "div_factor": 10.0,
            "beta1": beta1,
        },
        steps,
    )
    arguments: dict[str, Any] = {
        "max_lr": RATE,
        "total_steps": steps,
        "pct_start": share,
        "div_factor": 10.0,
    }
    arguments |= {
        "anneal_strategy": anneal,
        "cycle_momentum": cycled,
        "base_momentum": 0.8,
        "max_momentum": 0.97,
    }
    expected = theirs(lambda optimizer: lr_scheduler.OneCycleLR(optimizer, **arguments), steps)
    assert_equal(found, expected)
    assert (len({beta for _, beta in found}) > 1) == cycled


def test_the_defaults_of_onecycle_are_torchs() -> None:
    found = ours({"kind": "onecycle", "beta1": {"kind": "cycled"}}, 50)
    assert_equal(
        found, theirs(lambda o: lr_scheduler.OneCycleLR(o, max_lr=RATE, total_steps=50), 50)
    )


@settings(max_examples=100, deadline=None)
@given(
    kind=st.sampled_from(["constant", "cosine", "onecycle"]),
    warmup=st.one_of(st.floats(0, 0.99), st.integers(1, 9)),
    steps=st.integers(10, 400),
    place=st.floats(0, 1),
)
def test_a_rate_is_above_zero_and_never_above_the_configured_one(
    kind: str, warmup: float, steps: int, place: float
) -> None:
    schedule = parse(
        OptimizerConfig, {"schedule": {"kind": kind, "warmup": warmup}}, "test"
    ).schedule
    rates = [rate_factor(schedule, step=step, steps=steps) for step in range(steps)]
    assert all(0 < rate <= 1 + 1e-12 for rate in rates)
    at = round(place * (steps - 1))
    assert rate_factor(schedule, step=at, steps=steps) == rates[at]  # whatever was asked before


@pytest.mark.parametrize(
    ("optimizer", "said"),
    [
        (
            {"schedule": {"warmup": 1.5}},
            "optimizer.schedule: warmup 1.5 is neither a share below 1 nor a whole",
        ),
        (
            {"schedule": {"warmup": 100}},
            "optimizer.schedule.warmup 100 is not below training.max_steps 100",
        ),
        ({"schedule": {"floor": 0.1}}, "unknown key 'optimizer.schedule.floor'"),
        ({"schedule": {"kind": "step"}}, "'step' is not known"),
        (
            {"schedule": {"kind": "onecycle", "beta1": {"kind": "cycled", "low": 0.96}}},
            "low 0.96 must not be above",
        ),
        ({"schedule": {"kind": "onecycle", "beta1": {"kind": "fixed", "low": 0.9}}}, "unknown key"),
        ({"clip_norm": 0}, "optimizer.clip_norm"),
    ],
)
def test_schedules_that_are_wrong(optimizer: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_trial({"optimizer": optimizer, "training": {"max_steps": 100}}, "test")
    assert said in str(caught.value)
