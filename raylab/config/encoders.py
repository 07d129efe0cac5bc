"""Encoders of the contrastive models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from raylab.config.base import Strict
from raylab.registry import Registry


class EncoderConfig(Strict):
    """What all encoders have in common: `kind` names the encoder."""

    kind: str


ENCODERS = Registry("raylab.encoders", EncoderConfig)


class OffsetEncoderConfig(EncoderConfig):
    """CEBRA's encoders; the number is the receptive field in samples."""

    kind: Literal[
        "offset1", "offset5", "offset10", "offset15", "offset20", "offset36", "offset40", "offset50"
    ] = "offset10"
    hidden_units: int = Field(32, ge=2, le=4096)
    dropout: float = Field(
        0.0, ge=0, lt=1, description="chance that a window is shown without a hidden channel"
    )
    block_dropout: float = Field(
        0.0, ge=0, lt=1, description="the same, where a channel enters a residual block"
    )

    @model_validator(mode="after")
    def _droppable(self) -> OffsetEncoderConfig:
        if self.kind == "offset1" and (self.dropout or self.block_dropout):
            raise ValueError(
                "offset1 has no channels over time to drop; use dropout with an encoder that "
                "sees more samples"
            )
        return self


class WideSampleEncoderConfig(EncoderConfig):
    """CEBRA's `offset1-model-mse`: a perceptron on single samples, its hidden layers 30 times as
    wide as the output.
    """

    kind: Literal["offset1_wide"]


class SubsamplingEncoderConfig(EncoderConfig):
    """CEBRA's encoders that halve the rate inside their receptive field, once or twice."""

    kind: Literal["offset4_2x", "offset20_4x", "offset40_4x"]
    hidden_units: int = Field(32, ge=2, le=4096)


class ProjectorEncoderConfig(EncoderConfig):
    """offset10 with a small perceptron for each output dimension."""

    kind: Literal["offset10_projector"]
    hidden_units: int = Field(32, ge=2, le=4096)
    projector_units: int = Field(8, ge=1, le=1024)


class LinearEncoderConfig(EncoderConfig):
    """One linear map of the window: the least that can learn, and the hardest to overfit with."""

    kind: Literal["linear"]
    receptive_field: int = Field(1, ge=1, le=512)


class AttentionEncoderConfig(EncoderConfig):
    kind: Literal["attention"]
    hidden_units: int = Field(32, ge=4, le=4096)
    heads: int = Field(4, ge=1, le=64)
    receptive_field: int = Field(10, ge=2, le=512)
    dropout: float = Field(0.0, ge=0, lt=1)

    @model_validator(mode="after")
    def _divisible(self) -> AttentionEncoderConfig:
        if self.hidden_units % self.heads:
            raise ValueError(
                f"hidden_units {self.hidden_units} is not divisible by heads {self.heads}"
            )
        return self


ENCODERS.add(OffsetEncoderConfig, "raylab.models.convolution:offset_encoder")
ENCODERS.add(WideSampleEncoderConfig, "raylab.models.convolution:wide_sample_encoder")
ENCODERS.add(SubsamplingEncoderConfig, "raylab.models.subsampling:subsampling_encoder")
ENCODERS.add(ProjectorEncoderConfig, "raylab.models.projector:projector_encoder")
ENCODERS.add(LinearEncoderConfig, "raylab.models.convolution:linear_encoder")
ENCODERS.add(AttentionEncoderConfig, "raylab.models.attention:AttentionEncoder")


class ContrastiveModelConfig(Strict):
    encoder: Annotated[EncoderConfig, ENCODERS] = Field(default_factory=OffsetEncoderConfig)
    output_dimension: int = Field(8, ge=2, le=1024)
    normalize: bool | None = Field(
        None, description="embeddings of length 1; default: where similarity is cosine"
    )

    @model_validator(mode="before")
    @classmethod
    def _default_encoder(cls, value: object) -> object:
        """`model.encoder.hidden_units: 64` alone means the default encoder, wider."""
        if isinstance(value, Mapping) and isinstance(value.get("encoder"), Mapping):
            return {**value, "encoder": {"kind": "offset10", **value["encoder"]}}
        return value
