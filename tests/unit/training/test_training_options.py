"""Options of a training step: what they compute, against PyTorch's own parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from helpers import dataset, session, trial
from torch.optim import lr_scheduler
from trainings import run, training

from raylab.config.trial import TrialConfig
from raylab.data.dataset import Dataset
from raylab.data.shard import whole_shard
from raylab.seeding import derive
from raylab.tasks.families import get_task
from raylab.tasks.protocol import Comm

DECAY: dict[str, Any] = {"kind": "adamw", "weight_decay": 0.1, "learning_rate": 0.01}
COSINE = {
    "optimizer": {
        **DECAY,
        "clip_norm": 0.05,
        "schedule": {"kind": "cosine", "warmup": 0.2, "floor": 0.1},
    },
    "loss": {"learnable_temperature": True},
}
ONECYCLE = {
    "optimizer": {"schedule": {"kind": "onecycle", "beta1": {"kind": "cycled"}}},
    "training": {"accumulate": 3},
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return dataset(
        tmp_path_factory.mktemp("training") / "ds", session("a"), session("b", units=4, seed=1)
    )


def plain_loop(config: TrialConfig, data: Dataset, make: Callable[..., Any]) -> torch.nn.Module:
    """Training as PyTorch's own parts do it, with ordinary parameters; `make` builds the optimizer
    and schedule.
    """
    shard, task, batches = (
        whole_shard(data, config.view),
        get_task(config),
        config.training.accumulate,
    )
    torch.manual_seed(derive(config.training.seed, "model"))
    model, batch = task.build(config, data.sessions), task.batches(config, shard)
    optimizer, schedule = make(model)
    for step in range(config.training.max_steps):
        optimizer.zero_grad()
        for part in range(batches):
            (task.loss(model, batch(step * batches + part), Comm())["loss"] / batches).backward()
        if config.optimizer.clip_norm:
            torch.nn.utils.clip_grad_norm_(model.parameters(), config.optimizer.clip_norm)
        optimizer.step()
        if schedule:
            schedule.step()
    return model


def decayed(model: torch.nn.Module) -> list[dict[str, Any]]:
    """Weights decay, biases and the temperature do not."""
    weights = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    return [{"params": weights, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]


def adamw_cosine(model: torch.nn.Module) -> tuple[torch.optim.Optimizer, Any]:
    optimizer = torch.optim.AdamW(decayed(model), lr=0.01)
    warm = lr_scheduler.LinearLR(optimizer, start_factor=1 / 5, total_iters=4)
    cosine = lr_scheduler.CosineAnnealingLR(optimizer, T_max=16, eta_min=0.001)
    return optimizer, lr_scheduler.SequentialLR(optimizer, [warm, cosine], milestones=[4])


def adam_onecycle(model: torch.nn.Module) -> tuple[torch.optim.Optimizer, Any]:
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-4)
    return optimizer, lr_scheduler.OneCycleLR(optimizer, max_lr=3e-4, total_steps=20)


def adam_decayed(model: torch.nn.Module) -> tuple[torch.optim.Optimizer, Any]:
    return torch.optim.Adam(decayed(model), lr=0.01), None


ORACLES: dict[str, tuple[dict[str, Any], Callable[..., Any]]] = {
    "cosine, decay, clipped": (COSINE, adamw_cosine),
    "onecycle, accumulated": (ONECYCLE, adam_onecycle),
    "adam with decay": ({"optimizer": {**DECAY, "kind": "adam"}}, adam_decayed),
    "default": ({}, lambda model: (torch.optim.Adam(model.parameters(), lr=3e-4), None)),
}


@pytest.mark.parametrize(("sections", "make"), ORACLES.values(), ids=ORACLES)
def test_the_loop_computes_what_plain_pytorch_does(
    made: Dataset, sections: dict[str, Any], make: Callable[..., Any]
) -> None:
    """By hand or by autograd, on one flat vector or on ordinary parameters: the same weights after
    20 steps.
    """
    config = trial(**sections)
    one = training(config, made)
    before = {name: value.clone() for name, value in one.model.state_dict().items()}
    run(one)
    expected = plain_loop(config, made, make).state_dict()
    for name, value in one.model.state_dict().items():
        torch.testing.assert_close(value, expected[name], rtol=0, atol=2e-5, msg=name)
    assert max(float((expected[name] - before[name]).abs().max()) for name in before) > 1e-3


def test_clipping_is_what_keeps_a_gradient_short(made: Dataset) -> None:
    """After the sum over sessions and batches: the length that the optimizer sees."""
    free, clipped = (training(trial(optimizer={"clip_norm": norm}), made) for norm in (None, 0.01))
    for one in (free, clipped):
        one.advance()
    assert float(free.trained.gradients.norm()) > 0.02
    assert float(clipped.trained.gradients.norm()) == pytest.approx(0.01, rel=1e-3)
    assert next(clipped.model.parameters()).grad is not None


def test_accumulated_batches_are_others_and_count_as_their_mean(made: Dataset) -> None:
    one, alone = (
        training(trial(training={"accumulate": count, "max_steps": 1}), made) for count in (4, 1)
    )
    losses, gradients = [], []
    for part in range(4):
        alone.trained.zero_grad()
        loss = alone.task.loss(alone.model, alone.batch(part), Comm())["loss"]
        loss.backward()
        losses.append(loss.item())
        gradients.append(alone.trained.gradients.clone())
    assert len(set(losses)) == 4
    assert one.advance() == pytest.approx(np.mean(losses), rel=1e-6)
    torch.testing.assert_close(
        one.trained.gradients, torch.stack(gradients).mean(dim=0), rtol=0, atol=1e-6
    )


@pytest.mark.parametrize("kind", ["offset1", "offset10", "attention"])
@pytest.mark.parametrize("similarity", ["cosine", "euclidean"])
def test_bf16_trains_nearly_as_float32_does(made: Dataset, kind: str, similarity: str) -> None:
    sections: dict[str, Any] = {
        "model": {"encoder": {"kind": kind, "hidden_units": 8}, "output_dimension": 3}
    }
    sections["loss"] = {"similarity": similarity}
    full, half = (
        training(trial(**sections, training={"precision": name, "batch_size": 64}), made)
        for name in ("float32", "bf16")
    )
    assert half.advance() == pytest.approx(full.advance(), rel=5e-3)
    mine, theirs = half.trained.gradients, full.trained.gradients
    assert not torch.equal(mine, theirs)
    assert float(torch.nn.functional.cosine_similarity(mine, theirs, dim=0)) > 0.97
    assert {value.dtype for value in half.model.state_dict().values()} == {torch.float32}
    assert getattr(half.model, "_fused", None) == {}  # the step by hand is float32's
