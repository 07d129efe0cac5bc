"""Adam over flat parameters, and what the schedule makes of it at a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from raylab.config.training import CycledBeta, OneCycleSchedule, OptimizerConfig
from raylab.training.schedule import cycled_beta1, rate_factor

EPS = 1e-8
BETAS = (0.9, 0.999)


class Adam:
    """Adam (Kingma & Ba 2015) and AdamW (Loshchilov & Hutter 2019) by torch's fused kernels, as
    torch.optim's classes with `fused=True` call them; a test holds both equal to those to the bit.

    Without the classes around them: these import torch's compiler, one to two seconds of every
    trial's process, and take longer than the kernel does on small models.

    Args:
        groups: {"params": [a stretch with its gradient], "weight_decay"} each, as torch.optim takes
            them.
        decoupled: Whether weights decay beside the gradient's step (AdamW) or as part of the
            gradient (Adam).

    Attributes:
        param_groups: With "lr" and "betas", which a schedule sets before a step.
    """

    def __init__(self, groups: Sequence[Mapping[str, Any]], *, lr: float, decoupled: bool) -> None:
        self.param_groups: list[dict[str, Any]] = [
            {"lr": lr, "betas": BETAS, **group} for group in groups
        ]
        self._update = torch._fused_adamw_ if decoupled else torch._fused_adam_
        self._moments = [_Moments(group["params"][0]) for group in self.param_groups]

    @torch.no_grad()
    def step(self) -> None:
        for group, moments in zip(self.param_groups, self._moments):
            stretch, (beta1, beta2) = group["params"][0], group["betas"]
            moments.step.add_(1)
            self._update(
                [stretch],
                [stretch.grad],
                [moments.mean],
                [moments.square],
                [],
                [moments.step],
                lr=group["lr"],
                beta1=beta1,
                beta2=beta2,
                weight_decay=group["weight_decay"],
                eps=EPS,
                amsgrad=False,
                maximize=False,
            )

    def state(self) -> list[dict[str, torch.Tensor]]:
        """Of each stretch, under torch.optim's names: the tensors themselves."""
        return [
            {"step": one.step, "exp_avg": one.mean, "exp_avg_sq": one.square}
            for one in self._moments
        ]

    def load_state(self, state: Sequence[Mapping[str, torch.Tensor]]) -> None:
        """Copy moments in; learning rate, betas and decay stay as they are."""
        for own, given in zip(self.state(), state, strict=True):
            for name, tensor in own.items():
                tensor.copy_(given[name])


class _Moments:
    """Steps so far, and running means of a stretch's gradient and of its square."""

    def __init__(self, stretch: torch.Tensor) -> None:
        self.step = torch.zeros((), device=stretch.device)
        self.mean, self.square = torch.zeros_like(stretch), torch.zeros_like(stretch)


def make_optimizer(config: OptimizerConfig, stretches: Sequence[torch.nn.Parameter]) -> Adam:
    """Of all parameters, or of weights and the rest: only weights decay.

    A decayed bias moves a layer's working point and a decayed log temperature pulls the temperature
    to 1, both without making anything simpler.
    """
    decays = (config.weight_decay, 0.0)
    groups = [
        {"params": [stretch], "weight_decay": decay} for stretch, decay in zip(stretches, decays)
    ]
    return Adam(groups, lr=config.learning_rate, decoupled=config.kind == "adamw")


def apply_schedule(optimizer: Adam, config: OptimizerConfig, *, step: int, steps: int) -> None:
    """Set what the update after `step` earlier ones uses, of `steps` in all."""
    schedule = config.schedule
    rate = config.learning_rate * rate_factor(schedule, step=step, steps=steps)
    for group in optimizer.param_groups:
        group["lr"] = rate
        if isinstance(schedule, OneCycleSchedule) and isinstance(schedule.beta1, CycledBeta):
            group["betas"] = (
                cycled_beta1(schedule, schedule.beta1, step=step, steps=steps),
                group["betas"][1],
            )
