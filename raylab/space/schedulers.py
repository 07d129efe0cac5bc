"""The `scheduler` section of a space: one config class per scheduler.

A config class holds the keys of its scheduler and states what the scheduler does to trials. Its
builder is in raylab/tuning/schedulers.py, so that reading a space imports no Ray.
"""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar, Literal

from pydantic import Field

from raylab.config.base import Strict
from raylab.registry import Registry


class SchedulerConfig(Strict):
    """What all schedulers have in common; `kind` selects the scheduler.

    Attributes:
        compares_trials: Whether it compares trials at equal steps. `training.max_steps` cannot be
            searched then.
        is_population: Whether all trials train side by side, in generations. Its builder is then
            a searcher, in place of `StudySearch`.
    """

    kind: str
    metric: str | None = Field(
        None, description="what trials are compared by; default: the only objective"
    )

    compares_trials: ClassVar[bool] = True
    is_population: ClassVar[bool] = False

    def can_stop(self, max_steps: int) -> bool:
        """Whether a trial of so many steps may be stopped early."""
        return False

    def least_share(self, max_steps: int, trials: int) -> float:
        """The smallest share of all steps that a study can train, in (0, 1]."""
        return 1.0


SCHEDULERS = Registry("raylab.schedulers", SchedulerConfig)


class NoSchedulerConfig(SchedulerConfig):
    """Every trial runs to its last step."""

    kind: Literal["none"] = "none"

    compares_trials = False


class StoppingConfig(SchedulerConfig):
    """A scheduler that stops trials, at the earliest after `grace_steps` steps."""

    grace_steps: int = Field(300, ge=1, description="no trial is stopped before this step")

    def can_stop(self, max_steps: int) -> bool:
        return self.grace_steps < max_steps


class HalvingConfig(StoppingConfig):
    """At each rung, one trial in `reduction_factor` goes on. The first rung is at `grace_steps`;
    each later rung is `reduction_factor` times later than the one before.
    """

    reduction_factor: int = Field(
        3, ge=2, description="one in this many trials continues at each rung"
    )

    def least_share(self, max_steps: int, trials: int) -> float:
        if not self.can_stop(max_steps):
            return 1.0
        trained, share = 0.0, 1.0
        for rung, following in pairwise([0, *self._rungs(max_steps)]):
            trained += share * (following - rung)
            share /= self.reduction_factor
        return trained / max_steps

    def _rungs(self, max_steps: int) -> list[int]:
        rungs = [self.grace_steps]
        while rungs[-1] * self.reduction_factor < max_steps:
            rungs.append(rungs[-1] * self.reduction_factor)
        return [*rungs, max_steps]


class AshaConfig(HalvingConfig):
    """Asynchronous successive halving, Li et al. 2020 (arXiv:1810.05934)."""

    kind: Literal["asha"]


class HyperbandConfig(HalvingConfig):
    """The brackets of Hyperband, Li et al. 2018 (arXiv:1603.06560), each run as asha runs its
    only one.
    """

    kind: Literal["hyperband"]
    brackets: int = Field(
        3, ge=2, description="the first rung of each is reduction_factor times later"
    )


class MedianConfig(StoppingConfig):
    """A trial stops if its best score is worse than the median of the other trials' running means,
    Golovin et al. 2017 (Google Vizier), section 3.2.2.
    """

    kind: Literal["median"]
    least_trials: int = Field(
        4, ge=2, description="other trials that must have come as far before a trial is stopped"
    )

    def least_share(self, max_steps: int, trials: int) -> float:
        if not self.can_stop(max_steps):
            return 1.0
        compared = min(1.0, self.least_trials / trials)
        grace = self.grace_steps
        return (grace + compared * (max_steps - grace)) / max_steps


class PbtConfig(SchedulerConfig):
    """Population-based training, Jaderberg et al. 2017 (arXiv:1711.09846)."""

    kind: Literal["pbt"]
    grace_steps: int = Field(300, ge=1, description="steps of a generation")
    quantile: float = Field(
        0.25,
        gt=0,
        le=0.5,
        description="share of trials that take over weights, and share they are taken from",
    )
    mutate: tuple[str, ...] | None = Field(
        None,
        description=(
            "searched paths that change; default: all that leave the shapes of the weights as "
            "they are"
        ),
    )

    is_population = True


SCHEDULERS.add(NoSchedulerConfig, "raylab.tuning.schedulers:run_all")
SCHEDULERS.add(AshaConfig, "raylab.tuning.schedulers:asha")
SCHEDULERS.add(HyperbandConfig, "raylab.tuning.schedulers:hyperband")
SCHEDULERS.add(MedianConfig, "raylab.tuning.schedulers:median")
SCHEDULERS.add(PbtConfig, "raylab.tuning.drawing.population:PopulationSearch")
