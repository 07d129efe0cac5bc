"""What a trial is, as typed, frozen models. An unknown key is an error; what validated is what ran.

A choice (`kind`) is a discriminated union, so that a parameter exists only where its choice was made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


# -- data ----------------------------------------------------------------------------------------------------


class _Fractions(Strict):
    fractions: tuple[float, float, float] = (0.6, 0.2, 0.2)
    gap_s: float = Field(0.0, ge=0, description="seconds dropped on each side of a split border")

    @model_validator(mode="after")
    def _sum_to_one(self) -> _Fractions:
        if min(self.fractions) < 0 or self.fractions[0] <= 0 or abs(sum(self.fractions) - 1) > 1e-6:
            raise ValueError("fractions (train, valid, test) must be positive and sum to 1")
        return self


class ChronologicalSplits(_Fractions):
    kind: Literal["chronological"] = "chronological"


class BlockedSplits(_Fractions):
    """Contiguous blocks dealt at random to train, valid and test: for recordings that drift."""

    kind: Literal["blocked"] = "blocked"
    blocks: int = Field(10, ge=3)
    seed: int = 0


class TrialSplits(_Fractions):
    """Whole segments (trials) dealt at random."""

    kind: Literal["trials"] = "trials"
    seed: int = 0


class GivenSplits(Strict):
    """The splits the file itself states."""

    kind: Literal["given"] = "given"


SplitsConfig = Annotated[ChronologicalSplits | BlockedSplits | TrialSplits | GivenSplits, Field(discriminator="kind")]


class ViewConfig(Strict):
    """A cheap view of a prepared dataset, in this order: lag, bin, smooth, square root, z-score."""

    lag_ms: float = Field(0.0, ge=-60_000, le=60_000, description="labels at t are paired with activity at t - lag")
    bin_ms: float = Field(0.0, ge=0, le=600_000, description="0 keeps the prepared bins")
    smoothing_ms: float = Field(0.0, ge=0, le=600_000, description="standard deviation of the Gaussian")
    sqrt: bool = Field(False, description="variance-stabilising square root, for counts and rates")
    zscore: bool = Field(True, description="per unit, fitted on training samples")


# -- contrastive models ----------------------------------------------------------------------------------------


class OffsetEncoderConfig(Strict):
    """CEBRA's encoders; the number is the receptive field in samples."""

    kind: Literal["offset1", "offset5", "offset10", "offset36"] = "offset10"
    hidden_units: int = Field(32, ge=2, le=4096)


class LinearEncoderConfig(Strict):
    """One linear map of the window: the least that can learn, and the hardest to overfit with."""

    kind: Literal["linear"]
    receptive_field: int = Field(1, ge=1, le=512)


class AttentionEncoderConfig(Strict):
    kind: Literal["attention"]
    hidden_units: int = Field(32, ge=4, le=4096)
    heads: int = Field(4, ge=1, le=64)
    receptive_field: int = Field(10, ge=2, le=512)
    dropout: float = Field(0.0, ge=0, lt=1)

    @model_validator(mode="after")
    def _divisible(self) -> AttentionEncoderConfig:
        if self.hidden_units % self.heads:
            raise ValueError(f"hidden_units {self.hidden_units} is not divisible by heads {self.heads}")
        return self


class ContrastiveModelConfig(Strict):
    encoder: OffsetEncoderConfig | LinearEncoderConfig | AttentionEncoderConfig = Field(
        default_factory=OffsetEncoderConfig, discriminator="kind"
    )
    output_dimension: int = Field(8, ge=2, le=1024)

    @model_validator(mode="before")
    @classmethod
    def _default_encoder(cls, value: Any) -> Any:
        """`model.encoder.hidden_units: 64` alone means the default encoder, wider."""
        if isinstance(value, Mapping) and isinstance(value.get("encoder"), Mapping):
            return {**value, "encoder": {"kind": "offset10", **value["encoder"]}}
        return value


class InfoNCEConfig(Strict):
    kind: Literal["infonce"] = "infonce"
    similarity: Literal["cosine", "euclidean"] = "cosine"
    temperature: float = Field(1.0, gt=0, le=100)
    learnable_temperature: bool = False
    min_temperature: float = Field(0.05, gt=0, description="floor of a learnable temperature")

    @model_validator(mode="after")
    def _above_floor(self) -> InfoNCEConfig:
        if self.learnable_temperature and self.temperature < self.min_temperature:
            raise ValueError(
                f"a learnable temperature {self.temperature} below min_temperature {self.min_temperature} never moves"
            )
        return self


class ContrastiveSamplingConfig(Strict):
    """What a positive pair is."""

    conditional: Literal["time", "time_delta", "delta", "discrete"] = "time"
    time_offset: int = Field(10, ge=1, description="in samples of the view")
    delta: float = Field(0.1, gt=0, description="standard deviation of `delta`, in units of the label")
    labels: tuple[str, ...] = Field((), description="labels that define positives; default: task.label")


# -- training ----------------------------------------------------------------------------------------------------


class OptimizerConfig(Strict):
    kind: Literal["adam", "adamw"] = "adam"
    learning_rate: float = Field(3e-4, gt=0, le=10)
    weight_decay: float = Field(0.0, ge=0, le=10)


class TrainingConfig(Strict):
    max_steps: int = Field(3000, ge=1)
    batch_size: int = Field(512, ge=2, le=65_536, description="reference samples a step, a session")
    validate_every: int | None = Field(None, ge=1, description="steps; default: a tenth of max_steps")
    seed: int = Field(0, ge=0)
    device: Literal["auto", "cpu", "cuda"] = "auto"

    @property
    def interval(self) -> int:
        return min(self.max_steps, self.validate_every or max(1, self.max_steps // 10))


class EvaluationConfig(Strict):
    """Decoding from embeddings by nearest neighbours; the number of neighbours is chosen on validation."""

    neighbours: tuple[int, ...] = (1, 5, 9, 15, 25, 49, 121, 200)
    max_samples: int = Field(20_000, ge=10, description="reference samples of a split used, evenly spaced")
    bits_batch: int = Field(512, ge=2, description="samples in one fixed evaluation batch of goodness of fit")

    @model_validator(mode="after")
    def _positive(self) -> EvaluationConfig:
        if not self.neighbours or min(self.neighbours) < 1:
            raise ValueError("neighbours must be one or more positive integers")
        return self


class AugmentationConfig(Strict):
    """Changes to training windows only."""

    unit_dropout: float = Field(0.0, ge=0, lt=1, description="chance that a window is shown without a unit")


class ContrastiveTask(Strict):
    kind: Literal["contrastive"] = "contrastive"
    label: str | None = Field(None, description="the label to decode; default: the dataset's first")


class TrialConfig(Strict):
    """What every model family has; a family adds its own sections."""

    view: ViewConfig = ViewConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    training: TrainingConfig = TrainingConfig()
    evaluation: EvaluationConfig = EvaluationConfig()


class ContrastiveTrial(TrialConfig):
    task: ContrastiveTask = ContrastiveTask()
    model: ContrastiveModelConfig = ContrastiveModelConfig()
    loss: InfoNCEConfig = InfoNCEConfig()
    sampling: ContrastiveSamplingConfig = ContrastiveSamplingConfig()
    augmentation: AugmentationConfig = AugmentationConfig()


FAMILIES: dict[str, type[TrialConfig]] = {"contrastive": ContrastiveTrial}
