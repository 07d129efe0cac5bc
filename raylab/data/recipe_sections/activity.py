"""The sections `neural` and `segments`: the samples of the activity."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveFloat, model_validator

from raylab.config.base import Strict
from raylab.data.recipe_sections.types import Count, NanRule, Take, Template, UnitRow
from raylab.data.session import NeuralKind

Layout = Literal[
    "time_neuron",
    "neuron_time",
    "trial_time_neuron",
    "trial_neuron_time",
    "time_trial_neuron",
    "time_neuron_trial",
    "neuron_trial_time",
    "neuron_time_trial",
]


class NeuralSpec(Strict):
    path: str = Field(
        description="one array, or a pattern (*) that matches one vector per unit, or one array "
        "per trial"
    )
    layout: Layout = Field("time_neuron", description="the axes of the array, in their order")
    kind: NeuralKind
    nan: NanRule = "error"
    units: str | tuple[UnitRow, ...] | None = Field(
        None, description="path of a mask or of row numbers, or row numbers; default all units"
    )
    take: Take | None = Field(
        None, description="which samples: as many as there are time stamps, or [start, stop]"
    )

    @property
    def has_trials(self) -> bool:
        return "trial" in self.layout


class SegmentsSpec(Strict):
    """Where samples that follow each other in the file do not follow each other in time."""

    length: Count | Template | None = Field(
        None, description="length in samples of trials that follow each other without a gap"
    )
    first: Count | Template | None = Field(None, description="length of the first trial, if cut")
    changes: tuple[str, ...] = Field((), description="labels whose change starts a segment")
    jumps: dict[str, PositiveFloat] = Field(
        {}, description="label: largest step between two samples"
    )

    @model_validator(mode="after")
    def _first_of_what(self) -> SegmentsSpec:
        if self.first is not None and self.length is None:
            raise ValueError("`first` needs `length`")
        return self
