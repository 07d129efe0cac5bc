"""Trials of the contrastive family."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from raylab.config.base import Strict
from raylab.config.encoders import ContrastiveModelConfig
from raylab.config.losses import LOSSES, InfoNCEConfig, LossConfig
from raylab.config.sampling import SAMPLINGS, SamplingConfig, TimeSampling
from raylab.config.training import EvaluationConfig
from raylab.config.trial import TaskConfig, TrialConfig


class AugmentationConfig(Strict):
    """Changes to training windows only."""

    unit_dropout: float = Field(
        0.0, ge=0, lt=1, description="chance that a window is shown without a unit"
    )


class ContrastiveTask(TaskConfig):
    kind: Literal["contrastive"] = "contrastive"


class ContrastiveEvaluation(EvaluationConfig):
    bits_batch: int = Field(
        512, ge=2, description="samples in one fixed evaluation batch of goodness of fit"
    )


class AdaptationConfig(Strict):
    """Of a trained model to other sessions; `raylab adapt` sets it."""

    layers: Literal["input", "all"] = Field(
        "input", description="what is trained: each session's first layer, or all"
    )
    session: str | None = Field(
        None, description="of the trained model: whose layers, where it has several encoders"
    )


class ContrastiveTrial(TrialConfig):
    task: ContrastiveTask = ContrastiveTask()
    model: ContrastiveModelConfig = Field(default_factory=ContrastiveModelConfig)
    loss: Annotated[LossConfig, LOSSES] = Field(default_factory=InfoNCEConfig)
    sampling: Annotated[SamplingConfig, SAMPLINGS] = Field(default_factory=TimeSampling)
    augmentation: AugmentationConfig = AugmentationConfig()
    evaluation: ContrastiveEvaluation = Field(default_factory=ContrastiveEvaluation)
    adaptation: AdaptationConfig | None = None

    @property
    def width_path(self) -> str:
        return "model.encoder.hidden_units"

    @property
    def adapts(self) -> bool:
        return self.adaptation is not None

    @property
    def normalized(self) -> bool:
        """Whether embeddings have length 1."""
        return (
            self.loss.similarity == "cosine"
            if self.model.normalize is None
            else self.model.normalize
        )

    @model_validator(mode="before")
    @classmethod
    def _default_kinds(cls, value: object) -> object:
        """`loss.temperature: 0.5` alone means InfoNCE at that temperature, `sampling.time_offset:
        5` pairs by time.
        """
        defaults = {"loss": {"kind": "infonce"}, "sampling": {"conditional": "time"}}
        if not isinstance(value, Mapping):
            return value
        given = {
            name: kind for name, kind in defaults.items() if isinstance(value.get(name), Mapping)
        }
        return {**value, **{name: {**kind, **value[name]} for name, kind in given.items()}}

    @model_validator(mode="after")
    def _objectives_fit(self) -> ContrastiveTrial:
        size = self.model.output_dimension
        for name, objective in self.sampling.losses.items():
            if objective.dimensions is not None and objective.dimensions[1] > size:
                seen = f"dimensions {objective.dimensions[0]} to {objective.dimensions[1] - 1}"
                raise ValueError(
                    f"sampling: objective '{name}' sees {seen}, model.output_dimension is {size}"
                )
        if self.sampling.across and self.sessions.combine == "first":
            raise ValueError(
                "sampling.positives 'across' needs several sessions; sessions.combine is 'first'"
            )
        return self
