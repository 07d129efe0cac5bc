"""The section `spikes`: spike times, counted into bins."""

from __future__ import annotations

from pydantic import Field, PositiveFloat, StrictInt, StrictStr, model_validator

from raylab.config.base import Strict


class SpikesSpec(Strict):
    """Spike times with the unit (and trial) of every spike, counted into bins."""

    times: str
    units: str
    trials: str | None = Field(
        None, description="trial number of every spike; labels then have one value per trial"
    )
    first_trial: int = Field(
        0,
        ge=-(10**9),
        le=10**9,
        description="number of the first trial (1 in files written by MATLAB)",
    )
    keep: str | tuple[StrictInt | StrictStr, ...] | None = Field(
        None, description="path of a mask or of the ids of units, or the ids; default all units"
    )
    tick_s: PositiveFloat = Field(1.0, description="seconds per unit of `times`")
    rate_hz: PositiveFloat | None = Field(
        None, description="instead of `tick_s`: units of `times`, such as samples, per second"
    )
    rate_path: str | None = Field(None, description="path of `rate_hz`, one number")
    window: tuple[float, float] | None = Field(
        None, description="[start, stop) in ticks; needed with trials"
    )
    bin_s: PositiveFloat

    @model_validator(mode="after")
    def _ordered(self) -> SpikesSpec:
        if self.trials is not None and self.window is None:
            raise ValueError(
                "`trials` needs `window: [start, stop]`, in ticks from the start of a trial"
            )
        stated = self.model_fields_set & {"tick_s", "rate_hz", "rate_path"}
        if len(stated) > 1:
            raise ValueError(f"give one of {', '.join(f'`{name}`' for name in sorted(stated))}")
        tick_s = self.tick_s if self.rate_hz is None else 1 / self.rate_hz
        if (
            self.window is not None
            and self.rate_path is None
            and (self.window[1] - self.window[0]) * tick_s < self.bin_s * 0.999
        ):
            raise ValueError("`window` is shorter than one bin of `bin_s`")
        if self.keep is not None and not self.keep:
            raise ValueError("`keep` names no unit")
        return self
