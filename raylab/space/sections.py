"""The sections of a search space, and what they must not say together."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, TypeAdapter, field_validator, model_validator

from raylab.config.base import Strict
from raylab.config.dotted import ConfigValues
from raylab.config.families import DEFAULT_FAMILY
from raylab.space.constraints import constraint_of
from raylab.space.earlier import Earlier, as_earlier
from raylab.space.kinds import of_kind
from raylab.space.parameters import Parameter, Scalar, leaves
from raylab.space.samplers import SAMPLERS, SamplerConfig, TpeConfig, samplers_that
from raylab.space.schedulers import SCHEDULERS, NoSchedulerConfig, SchedulerConfig
from raylab.space.settings import Budget, Objective, Resources


def _expression(text: str) -> str:
    return constraint_of(text).text


class Sections(Strict):
    """What a space file says. `Space` is what follows from it."""

    task: ConfigValues = {"kind": DEFAULT_FAMILY}
    objective: Objective | tuple[Objective, ...] = Objective()
    base: ConfigValues = {}
    search: dict[str, Parameter] = {}
    constraints: tuple[Annotated[str, AfterValidator(_expression)], ...] = ()
    points: tuple[dict[str, Scalar], ...] = ()
    warm_start: Annotated[tuple[Earlier, ...], BeforeValidator(as_earlier)] = ()
    sampler: Annotated[SamplerConfig, SAMPLERS] = TpeConfig()
    scheduler: Annotated[SchedulerConfig, SCHEDULERS] = NoSchedulerConfig()
    budget: Budget = Budget()
    resources: Resources = Resources()

    @field_validator("sampler", mode="before")
    @classmethod
    def _sampler_of_its_kind(cls, value: object) -> object:
        return of_kind(value, SAMPLERS, "tpe")

    @field_validator("scheduler", mode="before")
    @classmethod
    def _scheduler_of_its_kind(cls, value: object) -> object:
        return of_kind(value, SCHEDULERS, "none")

    @field_validator("objective", mode="before")
    @classmethod
    def _as_objectives(cls, value: object) -> Objective | tuple[Objective, ...]:
        if not isinstance(value, list | tuple):
            return Objective.model_validate(value)
        objectives = _OBJECTIVES.validate_python(value)
        named = [objective.metric for objective in objectives]
        if not 1 <= len(objectives) <= 3:  # of more, most trials would be on the front
            raise ValueError("one objective, or a list of two or three, is needed")
        twice = next((metric for metric in named if named.count(metric) > 1), None)
        if twice is not None:
            raise ValueError(f"'{twice}' is listed twice")
        return objectives if len(objectives) > 1 else objectives[0]

    @model_validator(mode="after")
    def _once(self) -> Self:
        paths = [path for path, _ in leaves(self.base)]
        for path in paths:
            if paths.count(path) > 1:
                raise ValueError(f"base gives '{path}' twice")
            if path in self.search:
                raise ValueError(
                    f"'{path}' is in `base` and in `search`: it can be in one of them only"
                )
        return self

    @model_validator(mode="after")
    def _shared_once(self) -> Self:
        owners: dict[str, str] = {}
        for name, parameter in self.search.items():
            for path in parameter.paths:
                if path in self.search or path in owners or path in dict(leaves(self.base)):
                    raise ValueError(
                        f"search.{name}.paths: '{path}' is set elsewhere in this space, too"
                    )
                owners[path] = name
        for name, parameter in self.search.items():
            hidden = next((parent for parent in parameter.when if parent in owners), None)
            if hidden is not None:
                raise ValueError(
                    f"search.{name}.when: '{hidden}' is drawn as '{owners[hidden]}': name that"
                )
        return self

    @model_validator(mode="after")
    def _samples_of_milliseconds(self) -> Self:
        """What is given in samples is a time, and no condition names it: conditions and constraints
        are about the config's own values.
        """
        in_samples = [name for name, parameter in self.search.items() if parameter.unit]
        for name in in_samples:
            other = next((path for path in self.paths(name) if not path.endswith("_ms")), None)
            if other is not None:
                raise ValueError(
                    f"search.{name}.unit: samples are of paths in milliseconds (..._ms), not of "
                    f"'{other}'"
                )
        for name, parameter in self.search.items():
            parent = next((path for path in parameter.when if path in in_samples), None)
            if parent is not None:
                raise ValueError(
                    f"search.{name}.when: '{parent}' is in samples, which no condition can name"
                )
        return self

    @model_validator(mode="after")
    def _warm_start_informs(self) -> Self:
        if self.warm_start and not self.sampler.learns_from_trials:
            raise ValueError(
                f"warm_start: {self.sampler.kind} draws do not depend on trials: use "
                f"{samplers_that('learns_from_trials')}"
            )
        return self

    @property
    def objectives(self) -> tuple[Objective, ...]:
        return self.objective if isinstance(self.objective, tuple) else (self.objective,)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics of the objectives. The `score` of a trial is the first."""
        return tuple(objective.metric for objective in self.objectives)

    @property
    def rung(self) -> str:
        """The metric by which a scheduler stops trials."""
        return self.scheduler.metric or self.metrics[0]

    def paths(self, name: str) -> tuple[str, ...]:
        """The config paths that a parameter sets: its own name, unless it has `paths`."""
        parameter = self.search.get(name)
        return parameter.paths if parameter is not None and parameter.paths else (name,)

    @property
    def searched(self) -> tuple[str, ...]:
        """Every config path that draws set."""
        return tuple(path for name in self.search for path in self.paths(name))


_OBJECTIVES = TypeAdapter(tuple[Objective, ...])
