"""Learning rate and momentum of a step: pure functions of (config, step), so that a checkpoint
needs no state of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from raylab.config.training import ConstantSchedule, CosineSchedule, CycledBeta, OneCycleSchedule

Anneal = Callable[[float, float, float], float]  # (start, end, share of the way) -> value


def rate_factor(
    schedule: ConstantSchedule | CosineSchedule | OneCycleSchedule, *, step: int, steps: int
) -> float:
    """The learning rate of a step as a share of `optimizer.learning_rate`.

    The values of torch.optim.lr_scheduler's LinearLR (from 1 / (warmup + 1) to 1), then
    CosineAnnealingLR over the remaining steps, joined by SequentialLR; or of its OneCycleLR.
    """
    if isinstance(schedule, OneCycleSchedule):
        start = 1 / schedule.div_factor
        return _cycle(
            schedule,
            step=step,
            steps=steps,
            start=start,
            peak=1.0,
            end=start / schedule.final_div_factor,
        )
    warmup = warmup_steps(schedule, steps=steps)
    if step < warmup:
        return (step + 1) / (warmup + 1)
    if isinstance(schedule, CosineSchedule):
        return _cosine(1.0, schedule.floor, (step - warmup) / (steps - warmup))
    return 1.0


def rates_differ(
    schedule: ConstantSchedule | CosineSchedule | OneCycleSchedule,
    *,
    until: int,
    steps: int,
    other: int,
) -> bool:
    """Whether trainings of `steps` and of `other` steps have different learning rates before the
    step `until`.
    """
    return any(
        rate_factor(schedule, step=at, steps=steps) != rate_factor(schedule, step=at, steps=other)
        for at in range(until)
    )


def cycled_beta1(schedule: OneCycleSchedule, beta1: CycledBeta, *, step: int, steps: int) -> float:
    """Adam's beta1 of a step: high where the learning rate is low."""
    return _cycle(
        schedule, step=step, steps=steps, start=beta1.high, peak=beta1.low, end=beta1.high
    )


def warmup_steps(schedule: ConstantSchedule | CosineSchedule, *, steps: int) -> int:
    """The number of steps before the learning rate reaches its full value."""
    return round(schedule.warmup * steps if schedule.warmup < 1 else schedule.warmup)


def _cycle(
    schedule: OneCycleSchedule, *, step: int, steps: int, start: float, peak: float, end: float
) -> float:
    """OneCycleLR's two phases. The peak is at step `rise - 1`, which need not be a whole number;
    the end is at the last step.
    """
    anneal: Anneal = _cosine if schedule.anneal == "cos" else _line
    top = (schedule.warmup * steps if schedule.warmup < 1 else schedule.warmup) - 1
    if step <= top:
        # A rise of one step reaches the peak immediately.
        return anneal(start, peak, step / top if top else 1.0)
    return anneal(peak, end, (step - top) / (steps - 1 - top))


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) / 2 * (1 + math.cos(math.pi * share))


def _line(start: float, end: float, share: float) -> float:
    return start + (end - start) * share
