"""How the recordings of a prepared dataset are shown to a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar

from pydantic import Field, model_validator

from raylab.config.base import Strict

S = TypeVar("S")
# What columns are divided by when they are standardised: see raylab/data/views/scaling.py.
ScaleRule = Literal["floored", "plain"]
TrainOn = Literal["train", "train+valid", "all"]
TRAINING_SPLITS: dict[TrainOn, tuple[str, ...]] = {
    "train": ("train",),
    "train+valid": ("train", "valid"),
    "all": ("train", "valid", "test"),
}


class AllUnits(Strict):
    kind: Literal["all"] = "all"


class VariantUnits(Strict):
    """The units that vary most over the viewed training samples."""

    kind: Literal["variance"]
    count: int = Field(50, ge=1, description="units; a session with fewer keeps all it has")


class CorrelatedUnits(Strict):
    """The units whose viewed activity a label explains best in the training samples."""

    kind: Literal["correlation"]
    count: int = Field(50, ge=1, description="units; a session with fewer keeps all it has")
    label: str | None = Field(None, description="default: task.label, or the session's first label")


class RandomUnits(Strict):
    """Units by lot; with one seed, more units contain the fewer ones."""

    kind: Literal["random"]
    count: int = Field(50, ge=1, description="units; a session with fewer keeps all it has")
    seed: int = Field(0, ge=0)


SelectionConfig = Annotated[
    AllUnits | VariantUnits | CorrelatedUnits | RandomUnits, Field(discriminator="kind")
]


class ViewConfig(Strict):
    """A cheap view of a prepared dataset, in this order: lag, clip, bin or resample, smooth, square
    root; then units are chosen (outliers dropped, selection) and z-scored, by training samples
    only. See docs/views.md.
    """

    lag_ms: float = Field(
        0.0, ge=-60_000, le=60_000, description="labels at t are paired with activity at t - lag"
    )
    clip_min: float | None = Field(
        None, description="activity below becomes this; in units of the activity"
    )
    clip_max: float | None = Field(
        None, description="activity above becomes this; in units of the activity"
    )
    bin_ms: float = Field(
        0.0, ge=0, le=600_000, description="whole prepared samples; 0 keeps the prepared bins"
    )
    resample_hz: float | None = Field(
        None, gt=0, le=100_000, description="exactly this rate, whatever the session's"
    )
    smoothing_ms: float = Field(
        0.0, ge=0, le=600_000, description="standard deviation of the Gaussian"
    )
    sqrt: bool = Field(False, description="variance-stabilising square root, for counts and rates")
    outlier_z: float | None = Field(
        None, gt=0, description="drop units with a larger |z| in a training sample"
    )
    selection: SelectionConfig = AllUnits()
    zscore: bool = Field(True, description="per unit, fitted on training samples")
    scale: ScaleRule = Field(
        "floored",
        description=(
            "of the z-score: floored divides a unit that is almost silent in training by a tenth "
            "of the median unit's standard deviation; plain, by its own"
        ),
    )
    normalized_time: bool = Field(
        False, description="adds the label `time`: 0 to 1 over the training samples"
    )

    @model_validator(mode="before")
    @classmethod
    def _kind_of_selection(cls, value: object) -> object:
        selection = value.get("selection") if isinstance(value, Mapping) else None
        if isinstance(selection, Mapping) and "kind" not in selection:
            raise ValueError("selection needs a kind: all, variance, correlation or random")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> ViewConfig:
        if (
            self.clip_min is not None
            and self.clip_max is not None
            and self.clip_min >= self.clip_max
        ):
            raise ValueError(f"clip_min {self.clip_min:g} must be below clip_max {self.clip_max:g}")
        if self.bin_ms and self.resample_hz is not None:
            raise ValueError("bin_ms and resample_hz both set the width of a row: give one of them")
        return self

    @property
    def fitted_selection(self) -> bool:
        """Whether which units are shown is learnt from training samples."""
        return self.outlier_z is not None or self.selection.kind in ("variance", "correlation")


class SessionsConfig(Strict):
    """How the sessions of a dataset become one training."""

    combine: Literal["separate", "padded", "first"] = Field(
        "separate",
        description=(
            "separate: an encoder per session; padded: one for all, as wide as the widest "
            "session; first: only the first session"
        ),
    )
    training_fraction: float = Field(
        1.0,
        gt=0,
        le=1,
        description=(
            "of each session's training samples, the first in time; the rest is in no split"
        ),
    )
    # Not recorded at its default, so that configs are what they were before it could be chosen.
    train_on: TrainOn = Field(
        "train",
        exclude_if=lambda splits: splits == "train",
        description=(
            "the splits whose samples are training samples: train+valid fits a chosen config again "
            "on more data, all leaves nothing to score"
        ),
    )

    @property
    def training_splits(self) -> tuple[str, ...]:
        """The dataset's splits whose samples are training samples here."""
        return TRAINING_SPLITS[self.train_on]

    @property
    def validates(self) -> bool:
        """Whether validation samples are left to score models and to choose settings by."""
        return self.train_on == "train"

    def used(self, sessions: Mapping[str, S]) -> dict[str, S]:
        """The sessions, in the manifest's order, that training, scores and baselines are about."""
        return dict(list(sessions.items())[: 1 if self.combine == "first" else None])
