"""The sections of a search space besides its leaves: what is sought, how it is drawn, stopped and
run.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from raylab.config.base import Strict


class Objective(Strict):
    metric: str = "decoding.score"
    mode: Literal["max", "min"] | None = Field(None, description="default: what the metric means")


class Sampler(Strict):
    kind: Literal["tpe", "gp", "cmaes", "nsga2", "random", "qmc", "grid"] = "tpe"
    seed: int = Field(0, ge=0)
    startup_trials: int | None = Field(
        None,
        ge=1,
        description="random trials before the model of tpe or gp; default a third, at most 10",
    )
    population: int | None = Field(
        None,
        ge=2,
        description=(
            "a generation; of nsga2 by default a quarter of the trials, of cmaes by its paths"
        ),
    )

    @model_validator(mode="after")
    def _each_of_its_kind(self) -> Sampler:
        if self.population is not None and self.kind not in ("nsga2", "cmaes"):
            raise ValueError(f"population is of nsga2 and cmaes, not of {self.kind}")
        if self.startup_trials is not None and self.kind not in ("tpe", "gp"):
            raise ValueError(f"startup_trials is of tpe and gp, not of {self.kind}")
        return self


class Scheduler(Strict):
    """What stops trials early, or moves them on: at rungs (validations) of `steps`, by `metric`."""

    kind: Literal["none", "asha", "hyperband", "median", "pbt"] = "none"
    metric: str | None = Field(
        None, description="what trials are compared by; default: the objective where it is one"
    )
    grace_steps: int = Field(
        300, ge=1, description="no trial is stopped before; of pbt: between two exploitations"
    )
    reduction_factor: int = Field(
        3, ge=2, description="one in so many goes on at each rung; of asha and hyperband"
    )
    brackets: int = Field(
        3, ge=2, description="of hyperband: each with a first rung reduction_factor times later"
    )
    least_trials: int = Field(4, ge=2, description="of median: others that must have come as far")
    quantile: float = Field(
        0.25, gt=0, le=0.5, description="of pbt: the share that copies, and the share copied from"
    )
    mutate: tuple[str, ...] | None = Field(
        None,
        description=(
            "of pbt: searched paths that change; default: all that leave the weights' "
            "shapes as they are"
        ),
    )

    @model_validator(mode="after")
    def _each_of_its_kind(self) -> Scheduler:
        for kinds, names in _OWN.items():
            changed = (
                name
                for name in names
                if getattr(self, name) != type(self).model_fields[name].default
            )
            stray = next(changed, None) if self.kind not in ("none", *kinds) else None
            if stray is not None:
                raise ValueError(f"{stray} is of {' and '.join(kinds)}, not of {self.kind}")
        return self


_OWN = {
    ("asha", "hyperband"): ("reduction_factor",),
    ("hyperband",): ("brackets",),
    ("median",): ("least_trials",),
    ("pbt",): ("quantile", "mutate"),
}


class Budget(Strict):
    """When a search ends: after so many trials, or sooner. What runs then is finished first."""

    trials: int = Field(
        16, ge=1, description="of a grid: at most its points, and by default all of them"
    )
    hours: float | None = Field(
        None, gt=0, description="no trial is begun after; over all resumptions together"
    )
    target: float | None = Field(
        None, description="of the first objective: no trial is begun once one has reached it"
    )
    plateau: int | None = Field(
        None, ge=1, description="no trial is begun once so many have not improved the best"
    )


class Resources(Strict):
    """Of one worker of one trial."""

    cpus: int = Field(1, ge=1)
    gpus: float = Field(0, ge=0)
    memory_gb: float | None = Field(None, gt=0)
    workers: int = Field(1, ge=1, description="data-parallel workers a trial")
    concurrent: int | None = Field(None, ge=1, description="trials at a time; default: what fits")
