"""The recipes of Allen sessions: what there is to choose in files that describe themselves."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, FiniteFloat, NonNegativeFloat, model_validator

from raylab.config.base import Strict
from raylab.data.recipe import Recipe
from raylab.data.recipe_sections.types import Count, NanRule

Limit = NonNegativeFloat | Literal["any"]


class TracesSpec(Strict):
    """The dF/F traces of a two-photon session."""

    nan: NanRule = "error"


class PresentationsSpec(Strict):
    """The stimulus whose presentations are read, and the bins of one presentation."""

    stimulus: str = "natural_scenes"
    window_s: tuple[FiniteFloat, FiniteFloat] | None = Field(
        None,
        description=(
            "[from, to) after the start; default the whole presentation, to the millisecond"
        ),
    )
    bins: Count = 1

    @model_validator(mode="after")
    def _ordered(self) -> PresentationsSpec:
        if self.window_s is not None and not self.window_s[0] < self.window_s[1]:
            raise ValueError(
                "`window_s` is [from, to] with from < to, in seconds after the start of a "
                "presentation"
            )
        return self


class UnitFiltersSpec(Strict):
    """The units to read, by allensdk's measures and with its defaults; `any` turns a limit off."""

    good: bool = Field(True, description="only units whose quality is `good`")
    valid_channel: bool = Field(True, description="only units whose peak channel is valid")
    in_brain: bool = Field(
        True, description="only units whose peak channel lies in a named structure"
    )
    structures: tuple[str, ...] = Field(
        (), description="only units of these structures, such as VISp; default all"
    )
    isi_violations_max: Limit = 0.5
    amplitude_cutoff_max: Limit = 0.1
    presence_ratio_min: Limit = 0.95


class AllenOphysRecipe(Recipe):
    """A recipe of `format: allen_ophys`."""

    traces: TracesSpec = TracesSpec()


class AllenEcephysRecipe(Recipe):
    """A recipe of `format: allen_ecephys`."""

    presentations: PresentationsSpec = PresentationsSpec()
    unit_filters: UnitFiltersSpec = UnitFiltersSpec()
