"""Trials of the VQ-VAE family."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from raylab.config.base import Strict, by_x
from raylab.config.quantizers import QUANTIZERS, EmaQuantizer, QuantizerConfig
from raylab.config.training import EvaluationConfig, TrainingConfig
from raylab.config.trial import TaskConfig, TrialConfig

Kernel = Annotated[int, Field(ge=1, le=63)]
Width = Annotated[int, Field(ge=1, le=4096)]


class VqvaeTask(TaskConfig):
    kind: Literal["vqvae"] = "vqvae"


class VqvaeModelConfig(Strict):
    """1-d convolutions over a window of the view; the decoder is the encoder's mirror."""

    window: int = Field(50, ge=2, le=4096, description="rows of the view")
    stride: int = Field(
        10, ge=1, le=4096, description="rows between two windows that training draws from"
    )
    channels: Annotated[tuple[Width, ...], BeforeValidator(by_x)] = Field(
        (32, 64, 128),
        min_length=1,
        max_length=8,
        description="a list, or as 32x64x128, which a search can choose",
    )
    kernels: tuple[Kernel, ...] = Field((7, 5, 3), description="odd numbers, one per convolution")
    strides: tuple[Annotated[int, Field(ge=1, le=8)], ...] = Field(
        (1, 2, 2), description="one per convolution"
    )
    residual_blocks: int = Field(3, ge=0, le=32)
    norm_groups: int = Field(8, ge=1, le=64, description="of the group norms in residual blocks")
    dropout: float = Field(0.0, ge=0, lt=1, description="chance of a channel, in residual blocks")
    code_dimension: int = Field(64, ge=1, le=1024)

    @model_validator(mode="after")
    def _layers_agree(self) -> VqvaeModelConfig:
        counts = {len(self.channels), len(self.kernels), len(self.strides)}
        if len(counts) > 1:
            raise ValueError("channels, kernels and strides must name as many layers each")
        even = [kernel for kernel in self.kernels if kernel % 2 == 0]
        if even:
            raise ValueError(f"kernels must be odd, {even[0]} is not")
        if self.residual_blocks and self.channels[-1] % self.norm_groups:
            raise ValueError(
                f"channels {self.channels[-1]} are not divisible by norm_groups {self.norm_groups}"
            )
        if self.window < self.reduction:
            raise ValueError(
                f"a window of {self.window} rows is shorter than one code ({self.reduction} rows)"
            )
        return self

    @property
    def reduction(self) -> int:
        """Rows a code stands for."""
        rows = 1
        for stride in self.strides:
            rows *= stride
        return rows


class BehaviourConfig(Strict):
    """What the codes of a window say about a label over it: its mean, standard deviation, maximum
    and change.
    """

    label: str | None = Field(
        None, description="a continuous label of one dimension; none: no behaviour is predicted"
    )
    weight: float = Field(1.0, ge=0, le=1000, description="of the head in the loss")
    mean: float = Field(1.0, ge=0, le=1000, description="weight within the head")
    std: float = Field(0.5, ge=0, le=1000)
    max: float = Field(0.8, ge=0, le=1000)
    change: float = Field(0.3, ge=0, le=1000, description="last sample minus first")

    @property
    def weights(self) -> dict[str, float]:
        return {name: getattr(self, name) for name in ("mean", "std", "max", "change")}

    @model_validator(mode="after")
    def _weighted(self) -> BehaviourConfig:
        if self.label is not None and not any(self.weights.values()):
            raise ValueError(
                "the behaviour head predicts nothing: mean, std, max or change needs a "
                "weight above 0"
            )
        return self


class VqvaeTraining(TrainingConfig):
    batch_size: int = Field(64, ge=1, le=65_536, description="windows per step and session")


class VqvaeEvaluation(EvaluationConfig):
    collapse_below: float = Field(
        0.05,
        ge=0,
        le=1,
        description="a codebook with a smaller share of codes in use on held-out windows collapsed",
    )


class VqvaeTrial(TrialConfig):
    task: VqvaeTask = VqvaeTask()
    model: VqvaeModelConfig = VqvaeModelConfig()
    quantizer: Annotated[QuantizerConfig, QUANTIZERS] = Field(default_factory=EmaQuantizer)
    behaviour: BehaviourConfig = BehaviourConfig()
    training: VqvaeTraining = VqvaeTraining()
    evaluation: VqvaeEvaluation = Field(default_factory=VqvaeEvaluation)

    @property
    def width_path(self) -> str:
        return "model.channels"

    @model_validator(mode="before")
    @classmethod
    def _default_quantizer(cls, value: object) -> object:
        """`quantizer.codes: 256` alone means the EMA quantizer with so many codes."""
        if isinstance(value, Mapping) and isinstance(value.get("quantizer"), Mapping):
            return {**value, "quantizer": {"kind": "ema", **value["quantizer"]}}
        return value

    @model_validator(mode="after")
    def _codes_fit_the_quantizer(self) -> VqvaeTrial:
        self.quantizer.check_dimension(self.model.code_dimension)
        return self
