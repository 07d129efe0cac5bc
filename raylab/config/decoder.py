"""Trials of the decoder family: models that read a label from activity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from raylab.config.base import Strict, section
from raylab.config.networks import NETWORKS, MlpConfig, NetworkConfig
from raylab.config.readouts import READOUTS, ReadoutConfig
from raylab.config.training import TrainingConfig
from raylab.config.trial import TaskConfig, TrialConfig
from raylab.registry import Derived


class DecoderTask(TaskConfig):
    kind: Literal["decoder"] = "decoder"


class InputConfig(Strict):
    """The part of an example that the model sees."""

    window: int | None = Field(
        10,
        ge=1,
        le=4096,
        description="rows around a sample; none of a group (evaluation.per), which is shown whole",
    )
    # Not recorded at its default, so that configs are what they were before it could be chosen.
    align: Literal["centred", "past"] = Field(
        "centred",
        exclude_if=lambda align: align == "centred",
        description=(
            "the window's rows: on both sides of the sample, or up to the sample and none after it"
        ),
    )
    pool: Literal["none", "mean"] = Field(
        "none", description="mean: the rows of an example become one"
    )

    @property
    def around(self) -> tuple[int, int]:
        """[-left, right) rows around a sample, as CEBRA's offsets."""
        window = self.window or 1
        left = window - 1 if self.align == "past" else window // 2
        return left, window - left


class PlainLoss(Strict):
    """Cross-entropy of classes; squared error of standardised values or of points on a circle."""

    kind: Literal["plain"] = "plain"
    balanced: bool = Field(
        True, description="every class counts the same, however often it occurs in training"
    )
    label_smoothing: float = Field(0.0, ge=0, lt=1, description="of classes")


class FramesLoss(Strict):
    """Of a label that is the pixels of a movie's frame, row by row: absolute error and structural
    similarity.
    """

    kind: Literal["frames"]
    height: int = Field(ge=3, le=4096, description="pixels")
    width: int = Field(ge=3, le=4096, description="pixels")
    ssim: float = Field(
        0.5, ge=0, le=1, description="share of 1 - SSIM; the rest is the mean absolute error"
    )
    window: int = Field(7, ge=3, description="pixels of the square in which SSIM compares, odd")

    @model_validator(mode="after")
    def _window_in_frame(self) -> FramesLoss:
        if self.window % 2 == 0 or self.window > min(self.height, self.width):
            raise ValueError(
                f"window {self.window}: an odd number is needed, at most the "
                f"{min(self.height, self.width)} pixels of the frame's shorter side"
            )
        return self


DecoderLoss = PlainLoss | FramesLoss


class DecoderTraining(TrainingConfig):
    batch_size: int = Field(128, ge=1, le=65_536, description="examples per step and session")
    shots: int | None = Field(
        None, ge=1, description="training examples of each class and session; default: all"
    )


MODELS = Derived[ReadoutConfig | NetworkConfig](lambda: [*READOUTS.models, *NETWORKS.models])


class DecoderTrial(TrialConfig):
    task: DecoderTask = DecoderTask()
    input: InputConfig = InputConfig()
    model: Annotated[ReadoutConfig | NetworkConfig, MODELS] = Field(default_factory=MlpConfig)
    loss: DecoderLoss = Field(default_factory=PlainLoss, discriminator="kind")
    training: DecoderTraining = DecoderTraining()

    @property
    def width_path(self) -> str:
        return {"mlp": "model.hidden", "tcn": "model.channels"}.get(self.model.kind, "model.width")

    @property
    def decodes_itself(self) -> bool:
        return True

    @property
    def at_once(self) -> bool:
        return isinstance(self.model, ReadoutConfig)

    @property
    def sequential(self) -> bool:
        """Whether the model decodes a sample from all samples before it, one after the other."""
        return isinstance(self.model, ReadoutConfig) and self.model.sequential

    @property
    def random(self) -> bool:
        return not self.at_once or self.training.shots is not None

    @model_validator(mode="before")
    @classmethod
    def _plain_loss(cls, value: object) -> object:
        """`loss.balanced: false` alone is of the plain loss."""
        if not isinstance(value, Mapping) or not isinstance(value.get("loss", {}), Mapping):
            return value
        return {**value, "loss": {"kind": "plain", **section(value, "loss")}}

    @model_validator(mode="after")
    def _frames_are_trained(self) -> DecoderTrial:
        if self.loss.kind == "frames" and self.at_once:
            raise ValueError(
                "loss.kind 'frames' exists for networks only, and model.kind "
                f"'{self.model.kind}' is no network: set model.kind to a network such as mlp, "
                "or leave loss.kind out"
            )
        return self

    @model_validator(mode="after")
    def _in_order_of_time(self) -> DecoderTrial:
        if self.sequential and self.evaluation.per != "sample":
            raise ValueError(
                f"model.kind '{self.model.kind}' decodes samples in the order of time, not "
                f"evaluation.per '{self.evaluation.per}': set evaluation.per: sample, or choose "
                "another model.kind"
            )
        return self

    @model_validator(mode="after")
    def _decodes_itself(self) -> DecoderTrial:
        if self.evaluation.decoder.kind != "knn":
            raise ValueError(
                f"evaluation.decoder '{self.evaluation.decoder.kind}' decodes embeddings, but "
                "this model is itself a decoder: leave it out, or set model.kind"
            )
        return self

    @model_validator(mode="before")
    @classmethod
    def _defaults(cls, value: object) -> object:
        """`model.dropout: 0.1` alone is of the perceptron. What is fitted at once takes one step, a
        group is shown whole, and what is sequential sees one row at a time where nothing else is
        set: that is written down, since what was used is what is recorded.
        """
        if not isinstance(value, Mapping) or not isinstance(value.get("model", {}), Mapping):
            return value
        model = {"kind": "mlp", **section(value, "model")}
        if READOUTS.find(model["kind"]) and isinstance(value.get("training", {}), Mapping):
            value = {**value, "training": {**section(value, "training"), "max_steps": 1}}
        per = section(value, "evaluation").get("per", "sample")
        if isinstance(value.get("input", {}), Mapping):
            readout = READOUTS.model(model["kind"])
            alone = {"window": 1} if readout is not None and readout.sequential else {}
            value = {**value, "input": _shown({**alone, **section(value, "input")}, per)}
        return {**value, "model": model}

    @model_validator(mode="after")
    def _windowed(self) -> DecoderTrial:
        if self.evaluation.per == "sample" and self.input.window is None:
            raise ValueError(
                "input.window is needed if samples are decoded (evaluation.per: sample)"
            )
        return self


def _shown(value: Mapping[str, object], per: object) -> Mapping[str, object]:
    """The section `input` without what has no effect: a window of groups, which are shown whole,
    and the alignment of a single row.
    """
    value = value if per == "sample" else {**value, "window": None}
    if value.get("window", 0) in (None, 1):
        return {name: each for name, each in value.items() if name != "align"}
    return value
