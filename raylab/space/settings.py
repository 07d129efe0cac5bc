"""Sections of a search space: the objective, the budget and the resources of a trial."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from raylab.config.base import Strict


class Objective(Strict):
    """A metric of the validation to be made as good as possible."""

    metric: str = "decoding.score"
    mode: Literal["max", "min"] | None = Field(None, description="default: follows from the metric")


class Budget(Strict):
    """When a search ends: after so many trials, or sooner. Running trials are finished first."""

    trials: int = Field(16, ge=1, description="default for a grid: the number of its points")
    hours: float | None = Field(
        None, gt=0, description="no trial begins later; summed over all resumptions"
    )
    target: float | None = Field(
        None, description="no trial begins once the first objective has reached this value"
    )
    plateau: int | None = Field(
        None,
        ge=1,
        description="no trial begins after this many trials in a row without a better score",
    )


class Resources(Strict):
    """What each worker of a trial gets."""

    cpus: int = Field(1, ge=1)
    gpus: float = Field(0, ge=0)
    memory_gb: float | None = Field(None, gt=0)
    workers: int = Field(1, ge=1, description="data-parallel workers per trial")
    concurrent: int | None = Field(
        None, ge=1, description="trials at the same time; default: as many as fit"
    )
