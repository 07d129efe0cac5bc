"""Losses of the contrastive models."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from raylab.config.base import Strict
from raylab.registry import Registry


class LossConfig(Strict):
    """What all losses have in common: InfoNCE at a temperature; `kind` names the loss."""

    kind: str
    similarity: Literal["cosine", "euclidean"] = "cosine"
    temperature: float = Field(1.0, gt=0, le=100)
    learnable_temperature: bool = False
    min_temperature: float = Field(0.05, gt=0, description="floor of a learnable temperature")

    @model_validator(mode="after")
    def _above_floor(self) -> LossConfig:
        if self.learnable_temperature and self.temperature < self.min_temperature:
            raise ValueError(
                f"the learnable temperature {self.temperature} is below min_temperature "
                f"{self.min_temperature} and would never change"
            )
        return self


LOSSES = Registry("raylab.losses", LossConfig)


class InfoNCEConfig(LossConfig):
    kind: Literal["infonce"] = "infonce"


class FocalInfoNCEConfig(LossConfig):
    """InfoNCE in which references that are told from their negatives already count less."""

    kind: Literal["focal"]
    gamma: float = Field(
        2.0, ge=0, le=10, description="exponent of the weight (1 - p); 0 is InfoNCE"
    )


LOSSES.add(InfoNCEConfig, "raylab.models.losses:InfoNCE")
LOSSES.add(FocalInfoNCEConfig, "raylab.models.losses:FocalInfoNCE")
