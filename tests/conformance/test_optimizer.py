"""Our Adam against torch.optim's, whose kernels it calls: the same to the bit, without what they
import.
"""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import torch

from raylab.config.training import OptimizerConfig
from raylab.training.updates.optimizer import Adam, make_optimizer

KINDS = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}


def stretches(dtype: torch.dtype = torch.float32) -> list[torch.nn.Parameter]:
    generator = torch.Generator().manual_seed(0)
    return [
        torch.nn.Parameter(torch.randn(size, generator=generator, dtype=dtype))
        for size in (301, 17)
    ]


def give_gradients(parameters: list[torch.nn.Parameter], seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    for parameter in parameters:
        parameter.grad = torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_the_same_as_torchs_to_the_bit(kind: Any, decay: float) -> None:
    """Also after the rate, a momentum and the whole state were changed on the way."""
    config = OptimizerConfig(kind=kind, learning_rate=0.01, weight_decay=decay)
    ours, theirs = stretches(), stretches()
    mine = make_optimizer(config, ours)
    groups = [{"params": [one], "weight_decay": each} for one, each in zip(theirs, (decay, 0.0))]
    peer = KINDS[kind](groups, lr=0.01, fused=True)
    for step in range(40):
        if step == 15:
            for group in (*mine.param_groups, *peer.param_groups):
                group["lr"], group["betas"] = 0.003, (0.85, 0.999)
        if step == 25:
            again = make_optimizer(config, ours)
            again.load_state(mine.state())
            for group, old in zip(again.param_groups, mine.param_groups):
                group["lr"], group["betas"] = old["lr"], old["betas"]
            mine = again
        give_gradients(ours, step)
        give_gradients(theirs, step)
        mine.step()
        peer.step()
    for one, other, moments, state in zip(
        ours, theirs, mine.state(), peer.state_dict()["state"].values()
    ):
        assert torch.equal(one, other)
        assert all(
            torch.equal(moments[name], state[name]) for name in ("step", "exp_avg", "exp_avg_sq")
        )


def test_a_model_with_nothing_to_train() -> None:
    optimizer = Adam(
        [{"params": [torch.nn.Parameter(torch.zeros(0))], "weight_decay": 0.0}],
        lr=0.1,
        decoupled=False,
    )
    give_gradients(optimizer.param_groups[0]["params"], 0)
    optimizer.step()


def test_a_trials_process_imports_neither_the_compiler_nor_scikit_learn() -> None:
    """Each of them would cost every trial's process one to two seconds."""
    script = """
import sys, torch
from raylab.config.training import OptimizerConfig
from raylab.training.updates.optimizer import make_optimizer
import raylab.tuning.actor, raylab.tasks.contrastive.family
stretch = torch.nn.Parameter(torch.ones(3))
stretch.grad = torch.ones(3)
make_optimizer(OptimizerConfig(), [stretch]).step()
print([name for name in ("torch._dynamo", "sklearn", "sympy") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == "[]", done.stdout
