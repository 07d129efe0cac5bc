"""How pairs are drawn: one kind of pairs alone, or several objectives on the same references.

For each registered kind of pairs there is a `sampling` section that draws it alone, and an
objective that is one loss among several.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal, NamedTuple, cast

from pydantic import Field, create_model, model_validator

from raylab.config.base import Strict
from raylab.config.pairs import CONDITIONALS, Offset, PairsConfig, Prior, TimeDeltaPairs, TimePairs
from raylab.registry import Derived


class Objective(NamedTuple):
    """One loss among those that a trial minimises together.

    Attributes:
        dimensions: [start, stop) of the embedding that the loss sees; None for all.
    """

    pairs: PairsConfig
    weight: float = 1.0
    dimensions: tuple[int, int] | None = None


class SamplingConfig(Strict):
    """What all sections have in common."""

    conditional: str
    negatives: int | None = Field(
        None,
        ge=1,
        le=65_536,
        description="negatives per step and session; default: as many as training.batch_size",
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
    def balanced(self) -> bool:
        """Whether every class is drawn as often as any other."""
        return False

    @property
    def renormalized(self) -> bool:
        """Whether the dimensions of an objective are scaled to length 1 before it."""
        return False

    @property
    def by_time(self) -> bool:
        """Whether no label defines positives."""
        return not any(objective.pairs.labelled for objective in self.losses.values())


class _Labelled(SamplingConfig):
    positives: Literal["within", "across"] = Field(
        "within",
        description="from the reference's own session, or from one of all sessions, found by label",
    )

    @property
    def across(self) -> bool:
        return self.positives == "across"


class _Classed(_Labelled):
    prior: Prior

    @property
    def balanced(self) -> bool:
        return self.prior == "uniform"


@cache
def drawn_alone(pairs: type[PairsConfig]) -> type[SamplingConfig]:
    """The `sampling` section of one kind of pairs."""
    name = pairs.__name__.removesuffix("Pairs") + "Sampling"
    if pairs.class_prior is None:
        base = _Labelled if pairs.labelled else SamplingConfig
        return cast(type[SamplingConfig], _joined(name, pairs, base))
    text = "references and negatives: as sampled, or every class as often"
    prior = (Prior, Field(pairs.class_prior, description=text))
    return cast(type[SamplingConfig], _joined(name, pairs, _Classed, prior=prior))


def _joined(name: str, pairs: type[PairsConfig], base: type[Strict], **fields: Any) -> type[Strict]:
    """A class with the fields of both. That of `pairs` comes first: its tag is a Literal."""
    bases: tuple[type[Strict], ...] = (pairs, base)
    return create_model(name, __base__=bases, __module__=__name__, __doc__=pairs.__doc__, **fields)


class _Several(SamplingConfig):
    renormalize: bool = Field(
        False, description="the dimensions of an objective are scaled to length 1 before it"
    )

    @property
    def renormalized(self) -> bool:
        return self.renormalize


class HybridSampling(_Several):
    """CEBRA's hybrid training: `time_delta` and `time` at once, on the same references and
    negatives.
    """

    conditional: Literal["hybrid"]
    labels: tuple[str, ...] = Field(
        (), description="labels that define positives; default: task.label"
    )
    time_offset: Offset = 10
    time_weight: float = Field(
        1.0, gt=0, le=1000, description="of the time objective beside that of behaviour"
    )
    behaviour_dimensions: int | None = Field(
        None,
        ge=1,
        description=(
            "number of output dimensions, from the first, that learn behaviour; all learn "
            "time; default: all"
        ),
    )

    @property
    def losses(self) -> dict[str, Objective]:
        behaviour = TimeDeltaPairs(
            conditional="time_delta", time_offset=self.time_offset, labels=self.labels
        )
        seen = None if self.behaviour_dimensions is None else (0, self.behaviour_dimensions)
        time = Objective(TimePairs(time_offset=self.time_offset), self.time_weight)
        return {"behaviour": Objective(behaviour, dimensions=seen), "time": time}


class ObjectiveConfig(Strict):
    """One loss among several; its pairs are the other fields."""

    conditional: str
    weight: float = Field(1.0, gt=0, le=1000, description="of this loss in the sum")
    dimensions: tuple[int, int] | None = Field(
        None, description="[start, stop) of the embedding; default: all of it"
    )

    @model_validator(mode="after")
    def _some_dimensions(self) -> ObjectiveConfig:
        if self.dimensions is not None and not 0 <= self.dimensions[0] < self.dimensions[1]:
            raise ValueError(
                f"dimensions {list(self.dimensions)} are not [start, stop) with 0 <= start < stop"
            )
        return self

    @property
    def objective(self) -> Objective:
        assert isinstance(self, PairsConfig)
        return Objective(self, self.weight, self.dimensions)


@cache
def objective_section(pairs: type[PairsConfig]) -> type[ObjectiveConfig]:
    """The objective of one kind of pairs."""
    name = pairs.__name__.removesuffix("Pairs") + "Objective"
    return cast(type[ObjectiveConfig], _joined(name, pairs, ObjectiveConfig))


OBJECTIVES = Derived(
    lambda: [objective_section(pairs) for pairs in CONDITIONALS.models], tag="conditional"
)


class MultiSampling(_Several):
    """Several objectives at once, each with its own meaning of "positive", on the same references
    and negatives.
    """

    conditional: Literal["multi"]
    objectives: dict[str, Annotated[ObjectiveConfig, OBJECTIVES]] = Field(
        min_length=1, description="losses by name, summed"
    )

    @property
    def losses(self) -> dict[str, Objective]:
        return {name: section.objective for name, section in self.objectives.items()}


def _sections() -> list[type[SamplingConfig]]:
    return [*map(drawn_alone, CONDITIONALS.models), HybridSampling, MultiSampling]


SAMPLINGS = Derived(_sections, tag="conditional")
TimeSampling = drawn_alone(TimePairs)


def sampling_section(**flat: object) -> dict[str, object]:
    """A `sampling` section from the flat arguments of an estimator, without those that its kind of
    pairs lacks.
    """
    section = SAMPLINGS.model(flat.setdefault("conditional", "time"))
    fields = flat if section is None else section.model_fields
    return {name: value for name, value in flat.items() if name in fields}


def __getattr__(name: str) -> type[Strict]:
    """The sections that are made of the kinds of pairs, by name, so that pickle finds them: a
    fitted scikit-learn estimator holds its config.
    """
    # `import` asks for names such as `__path__`: the registry must not be read so early.
    if name.endswith(("Sampling", "Objective")):
        for pairs in CONDITIONALS.models:
            for section in (drawn_alone(pairs), objective_section(pairs)):
                if section.__name__ == name:
                    return section
    raise AttributeError(name)
