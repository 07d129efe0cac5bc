"""The sections of a search space besides its leaves: what is sought, how it is drawn, stopped and
run.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from raylab.config.base import Strict


class Objective(Strict):
    metric: str = "decoding.score"
    mode: Literal["max", "min"] | None = Field(None, description="default: what the metric means")


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
