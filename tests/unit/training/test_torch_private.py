"""The kernels of torch that `torch_private` calls are still there and mean the same."""

from __future__ import annotations

import pytest
import torch

from raylab.training.updates.torch_private import fused_adam_step


@pytest.mark.parametrize("decoupled", [False, True])
def test_one_step_is_that_of_torch_optim(decoupled: bool) -> None:
    values = torch.linspace(-1, 1, 7)
    parameter = torch.nn.Parameter(values.clone())
    parameter.grad = torch.linspace(2, -1, 7)
    kind = torch.optim.AdamW if decoupled else torch.optim.Adam
    options = {"lr": 0.01, "betas": (0.8, 0.95), "weight_decay": 0.1, "eps": 1e-8}
    kind([parameter], **options, fused=True).step()
    moments = torch.zeros(7), torch.zeros(7)
    fused_adam_step(
        values, parameter.grad, *moments, torch.tensor(1.0), **options, decoupled=decoupled
    )
    assert torch.equal(values, parameter.detach())
