"""Positive pairs: what they are (`*Pairs`), drawn alone (`*Sampling`) or one of several objectives
(`*Objective`).
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, NamedTuple, get_args

from pydantic import Field, model_validator

from raylab.config.base import Strict

Offset = Annotated[int, Field(ge=1, description="in samples of the view")]


class _Labelled(Strict):
    labels: tuple[str, ...] = Field(
        (), description="labels that define positives; default: task.label"
    )


class TimePairs(Strict):
    """The positive follows its reference by `time_offset`."""

    labels: ClassVar[tuple[str, ...]] = ()
    conditional: Literal["time"] = "time"
    time_offset: Offset = 10


class TimeDeltaPairs(_Labelled):
    """The positive's label is nearest to the reference's plus a change that occurred over
    `time_offset`.
    """

    conditional: Literal["time_delta"]
    time_offset: Offset = 10


class DeltaPairs(_Labelled):
    """The positive's label is nearest to the reference's plus Gaussian noise."""

    conditional: Literal["delta"]
    delta: float = Field(0.1, gt=0, description="standard deviation, in units of the label")


class DiscretePairs(_Labelled):
    """The positive is of the reference's class."""

    conditional: Literal["discrete"]


class MixedPairs(_Labelled):
    """As `time_delta` in the continuous labels, among samples of the reference's class in the
    discrete ones.
    """

    conditional: Literal["mixed"]
    time_offset: Offset = 10


PairsConfig = TimePairs | TimeDeltaPairs | DeltaPairs | DiscretePairs | MixedPairs
Prior = Literal["empirical", "uniform"]


class Objective(NamedTuple):
    """One loss among those that a trial minimises together.

    Attributes:
        dimensions: [start, stop) of the embedding that it sees; None for all.
    """

    pairs: PairsConfig
    weight: float = 1.0
    dimensions: tuple[int, int] | None = None


class _Drawn(Strict):
    negatives: int | None = Field(
        None,
        ge=1,
        le=65_536,
        description="a step, a session; default: as many as training.batch_size",
    )

    @property
    def losses(self) -> dict[str, Objective]:
        """What is minimised, by name: a kind of pairs alone, or several."""
        assert isinstance(self, PairsConfig)
        return {self.conditional: Objective(self)}

    @property
    def across(self) -> bool:
        """Whether positives come from all sessions."""
        return False

    @property
    def by_time(self) -> bool:
        """Whether no label says what a positive is."""
        return all(isinstance(one.pairs, TimePairs) for one in self.losses.values())


class _Matched(_Drawn):
    positives: Literal["within", "across"] = Field(
        "within",
        description="from the reference's own session, or from one of all sessions, found by label",
    )

    @property
    def across(self) -> bool:
        return self.positives == "across"


class TimeSampling(_Drawn, TimePairs):
    pass


class TimeDeltaSampling(_Matched, TimeDeltaPairs):
    pass


class DeltaSampling(_Matched, DeltaPairs):
    pass


class DiscreteSampling(_Matched, DiscretePairs):
    prior: Prior = Field(
        "empirical", description="references and negatives: as sampled, or every class as often"
    )


class MixedSampling(_Matched, MixedPairs):
    prior: Prior = Field(
        "uniform", description="references and negatives: as sampled, or every class as often"
    )


class HybridSampling(_Drawn, _Labelled):
    """CEBRA's hybrid training: `time_delta` and `time` at once, on the same references and
    negatives.
    """

    conditional: Literal["hybrid"]
    time_offset: Offset = 10
    time_weight: float = Field(
        1.0, gt=0, le=1000, description="of the time objective beside that of behaviour"
    )
    behaviour_dimensions: int | None = Field(
        None,
        ge=1,
        description=(
            "the first so many output dimensions learn behaviour, all learn time; default: all"
        ),
    )
    renormalize: bool = Field(
        False, description="the dimensions of an objective are scaled to length 1 before it"
    )

    @property
    def losses(self) -> dict[str, Objective]:
        behaviour = TimeDeltaPairs(
            conditional="time_delta", time_offset=self.time_offset, labels=self.labels
        )
        seen = None if self.behaviour_dimensions is None else (0, self.behaviour_dimensions)
        time = Objective(TimePairs(time_offset=self.time_offset), self.time_weight)
        return {"behaviour": Objective(behaviour, dimensions=seen), "time": time}


class _Weighted(Strict):
    weight: float = Field(1.0, gt=0, le=1000, description="of this loss in the sum")
    dimensions: tuple[int, int] | None = Field(
        None, description="[start, stop) of the embedding; default: all of it"
    )

    @model_validator(mode="after")
    def _some_dimensions(self) -> _Weighted:
        if self.dimensions is not None and not 0 <= self.dimensions[0] < self.dimensions[1]:
            raise ValueError(
                f"dimensions {list(self.dimensions)} are not [start, stop) with 0 <= start < stop"
            )
        return self


class TimeObjective(_Weighted, TimePairs):
    pass


class TimeDeltaObjective(_Weighted, TimeDeltaPairs):
    pass


class DeltaObjective(_Weighted, DeltaPairs):
    pass


class DiscreteObjective(_Weighted, DiscretePairs):
    pass


class MixedObjective(_Weighted, MixedPairs):
    pass


ObjectiveConfig = Annotated[
    TimeObjective | TimeDeltaObjective | DeltaObjective | DiscreteObjective | MixedObjective,
    Field(discriminator="conditional"),
]


class MultiSampling(_Drawn):
    """Several objectives at once, each with its own meaning of "positive", on the same references
    and negatives.
    """

    conditional: Literal["multi"]
    objectives: dict[str, ObjectiveConfig] = Field(
        min_length=1, description="losses by name, summed"
    )
    renormalize: bool = Field(
        False, description="the dimensions of an objective are scaled to length 1 before it"
    )

    @property
    def losses(self) -> dict[str, Objective]:
        return {
            name: Objective(one, one.weight, one.dimensions)
            for name, one in self.objectives.items()
        }


SamplingConfig = (
    TimeSampling
    | TimeDeltaSampling
    | DeltaSampling
    | DiscreteSampling
    | MixedSampling
    | HybridSampling
    | MultiSampling
)


def sampling_section(**flat: Any) -> dict[str, Any]:
    """A `sampling` section from the flat arguments of an estimator, without those that its kind of
    pairs has not.
    """
    wanted = flat.setdefault("conditional", "time")
    kinds = {
        model.model_fields["conditional"].annotation: model for model in get_args(SamplingConfig)
    }
    fields = next(
        (model.model_fields for kind, model in kinds.items() if wanted in get_args(kind)), flat
    )
    return {name: value for name, value in flat.items() if name in fields}
