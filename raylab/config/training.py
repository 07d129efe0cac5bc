"""The optimizer, its schedule, steps and batches, and how a model is scored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from raylab.config.base import Strict
from raylab.config.readouts import (
    DECODERS,
    MOST_NEIGHBOURS,
    NEIGHBOURS,
    NeighboursConfig,
    ReadoutConfig,
)
from raylab.config.view import ScaleRule


class _Schedule(Strict):
    warmup: float = Field(
        0.0, ge=0, description="linear rise from zero: below 1 a share of max_steps, else in steps"
    )

    @model_validator(mode="after")
    def _whole_steps(self) -> _Schedule:
        if self.warmup >= 1 and self.warmup != int(self.warmup):
            raise ValueError(
                f"warmup {self.warmup:g} is neither a share below 1 nor a whole number of steps"
            )
        return self


class ConstantSchedule(_Schedule):
    kind: Literal["constant"] = "constant"


class CosineSchedule(_Schedule):
    """Half a cosine from the learning rate down to a floor (Loshchilov & Hutter 2017, without
    restarts).
    """

    kind: Literal["cosine"]
    floor: float = Field(
        0.0, ge=0, lt=1, description="where it ends, as a share of the learning rate"
    )


class FixedBeta(Strict):
    kind: Literal["fixed"] = "fixed"


class CycledBeta(Strict):
    """Adam's beta1 falls while the learning rate rises, and rises while that falls."""

    kind: Literal["cycled"]
    low: float = Field(0.85, ge=0, lt=1)
    high: float = Field(0.95, ge=0, lt=1)

    @model_validator(mode="after")
    def _ascending(self) -> CycledBeta:
        if self.low > self.high:
            raise ValueError(f"low {self.low:g} must not be above high {self.high:g}")
        return self


class OneCycleSchedule(_Schedule):
    """Up to the learning rate, then far down (Smith & Topin 2019); names and defaults of torch's
    OneCycleLR.
    """

    kind: Literal["onecycle"]
    warmup: float = Field(
        0.3, ge=0, description="the rise (pct_start): below 1 a share of max_steps, else in steps"
    )
    anneal: Literal["cos", "linear"] = "cos"
    div_factor: float = Field(
        25.0, ge=1, le=1e6, description="it starts at learning_rate / div_factor"
    )
    final_div_factor: float = Field(
        1e4, ge=1, le=1e12, description="it ends at its start / final_div_factor"
    )
    beta1: FixedBeta | CycledBeta = Field(default_factory=FixedBeta, discriminator="kind")


class OptimizerConfig(Strict):
    kind: Literal["adam", "adamw"] = "adam"
    learning_rate: float = Field(
        3e-4, gt=0, le=10, description="the highest, where a schedule changes it"
    )
    weight_decay: float = Field(
        0.0, ge=0, le=10, description="of weights; never of biases, gains or a temperature"
    )
    clip_norm: float | None = Field(
        None, gt=0, description="longest gradient, over all parameters at once"
    )
    schedule: ConstantSchedule | CosineSchedule | OneCycleSchedule = Field(
        default_factory=ConstantSchedule, discriminator="kind"
    )

    @model_validator(mode="before")
    @classmethod
    def _default_schedule(cls, value: object) -> object:
        """`optimizer.schedule.warmup: 0.1` alone means a constant learning rate after a warm-up."""
        if isinstance(value, Mapping) and isinstance(value.get("schedule"), Mapping):
            return {**value, "schedule": {"kind": "constant", **value["schedule"]}}
        return value


class EarlyStopping(Strict):
    """Training ends when validations bring nothing better any more."""

    patience: int = Field(5, ge=1, description="validations in a row without an improvement")
    min_delta: float = Field(
        0.0, ge=0, description="an improvement is more than this, in units of the score"
    )


class TrainingConfig(Strict):
    max_steps: int = Field(3000, ge=1)
    batch_size: int = Field(
        512, ge=2, le=65_536, description="reference samples per batch and session"
    )
    accumulate: int = Field(
        1, ge=1, le=1024, description="batches per step, each with its own negatives"
    )
    validate_every: int | None = Field(
        None, ge=1, description="steps; default: a tenth of max_steps"
    )
    keep: Literal["last", "best"] = Field(
        "last", description="the model of which validation; early stopping: best"
    )
    early_stopping: EarlyStopping | None = None
    monitor: str | None = Field(
        None, description="the validation score that `best` means; default: the objective"
    )
    precision: Literal["float32", "bf16"] = Field(
        "float32", description="of an encoder's products in training"
    )
    seed: int = Field(0, ge=0)
    device: Literal["auto", "cpu", "cuda"] = "auto"
    # Not recorded where it is true, so that configs are what they were before it could be chosen.
    fast: bool = Field(
        True,
        exclude_if=bool,
        description=(
            "on CPUs, the hand-written steps of raylab/models/fast; false: the same by plain torch"
        ),
    )

    @model_validator(mode="before")
    @classmethod
    def _early_stopping_keeps_the_best(cls, value: object) -> object:
        """The default of `keep` depends on early stopping; it is written down."""
        if isinstance(value, Mapping) and value.get("early_stopping") is not None:
            return {"keep": "best", **value}
        return value

    @model_validator(mode="after")
    def _monitored(self) -> TrainingConfig:
        if self.keep == "last" and self.early_stopping is not None:
            raise ValueError("early_stopping keeps the best model; leave out keep: last")
        if self.keep == "last" and self.monitor is not None:
            raise ValueError("monitor has no effect if the last model is kept; set keep: best")
        return self

    @property
    def interval(self) -> int:
        return min(self.max_steps, self.validate_every or max(1, self.max_steps // 10))


class EvaluationConfig(Strict):
    """Which examples are scored, and what decodes them from embeddings; its settings are chosen on
    validation.
    """

    per: str = Field(
        "sample",
        description=(
            "one decoding example: a sample, a segment (trial), or a group such as presentation"
        ),
    )
    decoder: Annotated[ReadoutConfig, DECODERS] = Field(default_factory=NeighboursConfig)
    neighbours: tuple[int, ...] = Field(
        NEIGHBOURS, description="numbers that the decoder knn chooses from"
    )
    max_samples: int = Field(20_000, ge=10, description="examples of a split used, evenly spaced")
    scale: ScaleRule = Field(
        "floored",
        description="view.scale of the features of readouts, and of the units of baselines",
    )

    @model_validator(mode="after")
    def _positive(self) -> EvaluationConfig:
        if not self.neighbours or min(self.neighbours) < 1:
            raise ValueError("neighbours must be one or more positive integers")
        if max(self.neighbours) > MOST_NEIGHBOURS:
            raise ValueError(f"neighbours must be {MOST_NEIGHBOURS} or fewer")
        if self.decoder.kind != "knn" and self.neighbours != NEIGHBOURS:
            raise ValueError(
                f"neighbours belong to the decoder knn, not to {self.decoder.kind}: leave them out"
            )
        return self

    @property
    def matched(self) -> EvaluationConfig:
        """How baselines are scored beside models that are scored so: the same examples, the same
        decoder.
        """
        shared = {"per", "decoder", "max_samples", "scale"}
        return EvaluationConfig(**{name: getattr(self, name) for name in shared})
