"""The section `time`: when the samples were taken."""

from __future__ import annotations

from pydantic import Field, PositiveFloat, model_validator

from raylab.config.base import Strict
from raylab.data.recipe_sections.types import Count, Take, TimeUnit


class TimeSpec(Strict):
    """Time stamps, a sampling rate, or both.

    With both, the stamps only show where the recording paused. Spikes have a clock of their own:
    beside them, only `unit` says something, of the stamps of labels.
    """

    path: str | None = None
    column: int | None = Field(None, ge=0)
    unit: TimeUnit = "s"
    tick_s: PositiveFloat | None = Field(
        None, description="seconds per unit of the stamps, where they count samples of a device"
    )
    every: Count = Field(
        1, description="every how many stamps a sample begins, such as planes per volume"
    )
    zero: str | None = Field(
        None, description="path of an array whose first value is second 0 of this clock"
    )
    rate_hz: PositiveFloat | None = None
    rate_path: str | None = Field(None, description="path of the rate in Hz, one number")
    gap_s: PositiveFloat | None = Field(
        None, description="a longer step ends a segment; default 1.5 samples"
    )
    jitter: float = Field(
        0.2, gt=0, le=1, description="share of a step by which steps may differ from the mean step"
    )
    resample: bool = Field(
        False, description="interpolate onto a uniform clock, inside segments; not for counts"
    )
    take: Take | None = Field(
        None, description="which stamps: as many as there are samples, or [start, stop]"
    )

    @model_validator(mode="after")
    def _consistent(self) -> TimeSpec:
        if self.rate_hz is not None and self.rate_path is not None:
            raise ValueError("give `rate_hz` or `rate_path`, not both")
        of_stamps = {"resample", "take", "tick_s", "every", "zero"} & self.model_fields_set
        if self.path is None and of_stamps:
            raise ValueError(f"`{min(of_stamps)}` needs `path`, the time stamps")
        if self.tick_s is not None and "unit" in self.model_fields_set:
            raise ValueError("give `unit` or `tick_s`, not both")
        if self.resample and self.has_rate:
            raise ValueError("`resample` goes by the stamps alone: remove the rate")
        return self

    @property
    def has_rate(self) -> bool:
        return self.rate_hz is not None or self.rate_path is not None

    @property
    def gives_a_clock(self) -> bool:
        return self.path is not None or self.has_rate
