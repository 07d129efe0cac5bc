"""What a recipe or a companion of the format `suite2p` may state, and what it need not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PositiveFloat, model_validator

from raylab.config.base import Strict

NEUROPIL = 0.7  # Suite2p's own default


class BaselineSpec(Strict):
    """The running baseline F0 of dF/F; a text is short for `kind: TEXT`."""

    kind: Literal["maximin", "percentile"] = "maximin"
    window_s: PositiveFloat = Field(60.0, description="length of the running window")
    percentile: float = Field(8.0, ge=0, le=100, description="of `percentile`")
    smoothing_frames: float = Field(
        10.0, ge=0, description="of `maximin`: standard deviation of the Gaussian"
    )

    @model_validator(mode="after")
    def _used(self) -> BaselineSpec:
        other = {"maximin": "percentile", "percentile": "smoothing_frames"}[self.kind]
        if other in self.model_fields_set:
            raise ValueError(f"`{other}` is not used where `kind` is {self.kind}")
        return self


def _as_kind(value: object) -> object:
    return {"kind": value} if isinstance(value, str) else value


class Suite2pOptions(Strict):
    signal: Literal["dff", "F", "spks"] = Field("dff", description="which activity is read")
    neuropil: float | None = Field(
        None, ge=0, le=1, description="share of Fneu that is subtracted; default .7 of dff, 0 of F"
    )
    baseline: Annotated[BaselineSpec, BeforeValidator(_as_kind)] = BaselineSpec()
    cells: bool | Annotated[float, Field(ge=0, le=1)] = Field(
        True, description="true: cells of iscell.npy; false: all ROIs; a number: least probability"
    )
    fs: PositiveFloat | None = Field(
        None, description="frames per second of a plane, where ops.npy is wrong"
    )

    @model_validator(mode="after")
    def _used_by_the_signal(self) -> Suite2pOptions:
        if self.signal != "dff" and "baseline" in self.model_fields_set:
            raise ValueError("`baseline` is used by `signal: dff` only")
        if self.signal == "spks" and self.neuropil is not None:
            raise ValueError("`neuropil` is not used by `signal: spks`: Suite2p subtracted it")
        return self

    @property
    def subtracted(self) -> float:
        """The share of the neuropil signal that is subtracted."""
        if self.neuropil is not None:
            return self.neuropil
        return NEUROPIL if self.signal == "dff" else 0.0


def suite2p_defaults(stated: Mapping[str, Any]) -> Mapping[str, Any]:
    """Where the activity and its clock are.

    A rate that the user states is also that of the baseline's window.
    """
    signal = stated.get("signal", "dff")
    kind = "rate" if signal == "spks" else "calcium"
    defaults: dict[str, Any] = {
        "neural": {"path": signal, "layout": "neuron_time", "kind": kind},
        "time": {"rate_path": "fs"},
    }
    time = stated.get("time")
    if isinstance(time, Mapping) and time.get("rate_hz") is not None:
        defaults["fs"] = time["rate_hz"]
    return defaults
