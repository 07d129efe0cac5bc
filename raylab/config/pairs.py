"""Kinds of positive pairs: what makes two samples a pair, and which labels say so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from raylab.config.base import Strict
from raylab.errors import ConfigError
from raylab.registry import Registry

Offset = Annotated[int, Field(ge=1, description="in samples of the view")]
Prior = Literal["empirical", "uniform"]


class PairsConfig(Strict):
    """What all kinds of pairs have in common: `conditional` names the kind.

    Attributes:
        labelled: Whether labels define the positives.
        class_prior: The default of `sampling.prior`, for pairs of one class; None for others, which
            have no such setting.
    """

    labelled: ClassVar[bool] = False
    class_prior: ClassVar[Prior | None] = None
    conditional: str

    @property
    def named_labels(self) -> tuple[str, ...]:
        """The labels that the config names; empty where it leaves them to `task.label`."""
        return ()

    def check_labels(self, kinds: Sequence[str]) -> None:
        """ConfigError where labels of these kinds cannot define positives."""


CONDITIONALS = Registry("raylab.conditionals", PairsConfig, tag="conditional")


class LabelledPairs(PairsConfig):
    """Pairs that labels define. They may lie in different sessions (`sampling.positives`)."""

    labelled: ClassVar[bool] = True
    labels: tuple[str, ...] = Field(
        (), description="labels that define positives; default: task.label"
    )

    @property
    def named_labels(self) -> tuple[str, ...]:
        return self.labels

    def check_labels(self, kinds: Sequence[str]) -> None:
        if not kinds:
            raise ConfigError(
                f"sampling.conditional '{self.conditional}' needs a label, and there is none",
                "Set sampling.labels, or sampling.conditional to 'time'.",
            )


class _ContinuousPairs(LabelledPairs):
    def check_labels(self, kinds: Sequence[str]) -> None:
        super().check_labels(kinds)
        if all(kind == "discrete" for kind in kinds):
            raise ConfigError(
                f"sampling.conditional '{self.conditional}' needs a continuous label; all "
                "labels are discrete",
                "Set sampling.conditional to 'discrete', or sampling.labels to a continuous label.",
            )


class TimePairs(PairsConfig):
    """The positive follows its reference by `time_offset`."""

    labels: ClassVar[tuple[str, ...]] = ()
    conditional: Literal["time"] = "time"
    time_offset: Offset = 10


class TimeDeltaPairs(_ContinuousPairs):
    """The positive's label is nearest to the reference's plus a change that occurred over
    `time_offset`.
    """

    conditional: Literal["time_delta"]
    time_offset: Offset = 10


class DeltaPairs(_ContinuousPairs):
    """The positive's label is nearest to the reference's plus Gaussian noise."""

    conditional: Literal["delta"]
    delta: float = Field(0.1, gt=0, description="standard deviation, in units of the label")


class DiscretePairs(LabelledPairs):
    """The positive is of the reference's class."""

    class_prior: ClassVar[Prior | None] = "empirical"
    conditional: Literal["discrete"]

    def check_labels(self, kinds: Sequence[str]) -> None:
        super().check_labels(kinds)
        if any(kind != "discrete" for kind in kinds):
            raise ConfigError(
                "sampling.conditional 'discrete' cannot use a continuous label",
                "Set sampling.conditional to 'time_delta' or 'delta', or sampling.labels to "
                "discrete labels.",
            )


class MixedPairs(LabelledPairs):
    """As `time_delta` in the continuous labels, among samples of the reference's class in the
    discrete ones.
    """

    class_prior: ClassVar[Prior | None] = "uniform"
    conditional: Literal["mixed"]
    time_offset: Offset = 10

    def check_labels(self, kinds: Sequence[str]) -> None:
        super().check_labels(kinds)
        if len({kind == "discrete" for kind in kinds}) < 2:
            only = "discrete" if kinds[0] == "discrete" else "continuous"
            raise ConfigError(
                "sampling.conditional 'mixed' needs discrete and continuous labels; all "
                f"labels are {only}",
                "Set sampling.labels to a discrete and a continuous label.",
            )


CONDITIONALS.add(TimePairs, "raylab.sampling.conditionals:LaterInTime")
CONDITIONALS.add(TimeDeltaPairs, "raylab.sampling.conditionals:LabelChange")
CONDITIONALS.add(DeltaPairs, "raylab.sampling.conditionals:LabelNoise")
CONDITIONALS.add(DiscretePairs, "raylab.sampling.conditionals:SameClass")
CONDITIONALS.add(MixedPairs, "raylab.sampling.conditionals:LabelChangeInClass")
