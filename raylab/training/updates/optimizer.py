"""Adam over flat parameters, and the settings that a schedule gives it at each step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict

import torch

from raylab.config.training import CycledBeta, OneCycleSchedule, OptimizerConfig
from raylab.training.updates.schedule import cycled_beta1, rate_factor
from raylab.training.updates.torch_private import fused_adam_step

EPS = 1e-8
BETAS = (0.9, 0.999)


class Decaying(TypedDict):
    """A stretch of parameters, as the only entry of `params`, with its weight decay."""

    params: list[torch.nn.Parameter]
    weight_decay: float


class ParameterGroup(Decaying):
    """A stretch of parameters with all its settings, named as torch.optim names them."""

    lr: float
    betas: tuple[float, float]


class Adam:
    """Adam (Kingma & Ba 2015) and AdamW (Loshchilov & Hutter 2019) by torch's fused kernels. A test
    holds both equal to torch.optim's classes with `fused=True`, to the bit.

    On small models, torch.optim's classes take longer than the kernel itself.

    Args:
        groups: The stretches of parameters, each with its gradient and its weight decay.
        decoupled: Whether weights decay separately from the gradient's step (AdamW) or as part of
            the gradient (Adam).

    Attributes:
        param_groups: The same with "lr" and "betas", which a schedule sets before a step.
    """

    def __init__(self, groups: Sequence[Decaying], *, lr: float, decoupled: bool) -> None:
        self.param_groups: list[ParameterGroup] = [
            {"lr": lr, "betas": BETAS, **group} for group in groups
        ]
        self._decoupled = decoupled
        self._moments = [_Moments(group["params"][0]) for group in self.param_groups]

    @torch.no_grad()
    def step(self) -> None:
        for group, moments in zip(self.param_groups, self._moments):
            stretch = group["params"][0]
            assert stretch.grad is not None
            moments.step.add_(1)
            fused_adam_step(
                stretch,
                stretch.grad,
                moments.mean,
                moments.square,
                moments.step,
                lr=group["lr"],
                betas=group["betas"],
                weight_decay=group["weight_decay"],
                eps=EPS,
                decoupled=self._decoupled,
            )

    def state(self) -> list[dict[str, torch.Tensor]]:
        """The moments of each stretch, under torch.optim's names; not copies."""
        return [
            {"step": moments.step, "exp_avg": moments.mean, "exp_avg_sq": moments.square}
            for moments in self._moments
        ]

    def load_state(self, state: Sequence[Mapping[str, torch.Tensor]]) -> None:
        """Copy moments in. Learning rate, betas and decay stay as they are."""
        for own, other in zip(self.state(), state, strict=True):
            for name, tensor in own.items():
                tensor.copy_(other[name])


class _Moments:
    """The number of steps, and running means of a stretch's gradient and of its square."""

    def __init__(self, stretch: torch.Tensor) -> None:
        self.step = torch.zeros((), device=stretch.device)
        self.mean, self.square = torch.zeros_like(stretch), torch.zeros_like(stretch)


def make_optimizer(config: OptimizerConfig, stretches: Sequence[torch.nn.Parameter]) -> Adam:
    """The optimizer of one stretch with all parameters, or of two: weights, and the rest. Only
    weights decay.

    A decayed bias would move a layer's working point, and a decayed log temperature would pull the
    temperature to 1. Neither makes the model simpler.
    """
    decays = (config.weight_decay, 0.0)
    groups: list[Decaying] = [
        {"params": [stretch], "weight_decay": decay} for stretch, decay in zip(stretches, decays)
    ]
    return Adam(groups, lr=config.learning_rate, decoupled=config.kind == "adamw")


def apply_schedule(optimizer: Adam, config: OptimizerConfig, *, step: int, steps: int) -> None:
    """Set learning rate and betas for the update that follows `step` earlier ones, of `steps` in
    all.
    """
    schedule = config.schedule
    rate = config.learning_rate * rate_factor(schedule, step=step, steps=steps)
    for group in optimizer.param_groups:
        group["lr"] = rate
        if isinstance(schedule, OneCycleSchedule) and isinstance(schedule.beta1, CycledBeta):
            group["betas"] = (
                cycled_beta1(schedule, schedule.beta1, step=step, steps=steps),
                group["betas"][1],
            )
