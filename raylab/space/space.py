"""The search space: leaves are dotted config paths. Every path, type and bound is checked before
anything starts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, TypeAdapter, field_validator, model_validator

from raylab.config.base import Strict
from raylab.config.dotted import set_path
from raylab.config.families import DEFAULT_FAMILY
from raylab.config.parse import parse, parse_trial
from raylab.config.trial import TrialConfig
from raylab.config.yaml_files import load_yaml
from raylab.errors import ConfigError
from raylab.space.blame import blamed
from raylab.space.constraints import Absent, Constraint
from raylab.space.earlier import Earlier, as_earlier
from raylab.space.kinds import of_kind
from raylab.space.overrides import overridden
from raylab.space.parameters import Parameter, Scalar, get, leaves
from raylab.space.samplers import SAMPLERS, SamplerConfig, TpeConfig, samplers_that
from raylab.space.schedulers import SCHEDULERS, NoSchedulerConfig, SchedulerConfig
from raylab.space.settings import Budget, Objective, Resources


@lru_cache(maxsize=256)
def constraint_of(text: str) -> Constraint:
    return Constraint(text)


def _expression(text: str) -> str:
    return constraint_of(text).text


class Space(Strict):
    """A search space file. `base` holds fixed config values; what neither names keeps its default.

    `objective` is one, or a list of two or three: then the study looks for the Pareto front.
    `points` are tried first; `constraints` hold of every draw; `warm_start` names earlier studies
    whose trials inform the sampler.
    """

    task: dict[str, Any] = {"kind": DEFAULT_FAMILY}
    objective: Objective | tuple[Objective, ...] = Objective()
    base: dict[str, Any] = {}
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
    def _sampler_of_its_kind(cls, value: Any) -> Any:
        return of_kind(value, SAMPLERS, "tpe")

    @field_validator("scheduler", mode="before")
    @classmethod
    def _scheduler_of_its_kind(cls, value: Any) -> Any:
        return of_kind(value, SCHEDULERS, "none")

    @field_validator("objective", mode="before")
    @classmethod
    def _one_or_several(cls, value: Any) -> Objective | tuple[Objective, ...]:
        if not isinstance(value, list | tuple):
            return Objective.model_validate(value)
        found = _OBJECTIVES.validate_python(value)
        named = [objective.metric for objective in found]
        if not 1 <= len(found) <= 3:  # of more, most trials would be on the front
            raise ValueError("one objective, or a list of two or three, is needed")
        twice = next((metric for metric in named if named.count(metric) > 1), None)
        if twice is not None:
            raise ValueError(f"'{twice}' is there twice")
        return found if len(found) > 1 else found[0]

    @model_validator(mode="after")
    def _once(self) -> Space:
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
    def _shared_once(self) -> Space:
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
    def _warm_start_informs(self) -> Space:
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
        """Of the objectives; the first is the one that `score` is of."""
        return tuple(objective.metric for objective in self.objectives)

    @property
    def rung(self) -> str:
        """The metric by which a scheduler stops trials."""
        return self.scheduler.metric or self.metrics[0]

    def paths(self, name: str) -> tuple[str, ...]:
        """The config paths that a draw sets: itself, unless several share it."""
        parameter = self.search.get(name)
        return parameter.paths if parameter is not None and parameter.paths else (name,)

    @property
    def searched(self) -> tuple[str, ...]:
        """Every config path that draws set."""
        return tuple(path for name in self.search for path in self.paths(name))

    def active(self, name: str, value: Mapping[str, Any]) -> bool:
        """Whether `name` is drawn where the config has `value` so far."""
        return all(
            get(value, self.paths(parent)[0]) in (wanted if isinstance(wanted, list) else [wanted])
            for parent, wanted in self.search[name].when.items()
        )

    def setting(self, value: Mapping[str, Any], name: str, leaf: Any) -> dict[str, Any]:
        """A copy of a config mapping with a draw in force."""
        result = dict(value)
        for path in self.paths(name):
            result = set_path(result, path, leaf)
        return result

    def fixed(self) -> dict[str, Any]:
        """The config mapping without searched values."""
        value: dict[str, Any] = {"task": dict(self.task)}
        for path, leaf in leaves(self.base):
            value = set_path(value, path, leaf)
        return value

    def drawn(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The config mapping of one draw."""
        value = self.fixed()
        for name, leaf in params.items():
            value = self.setting(value, name, leaf)
        return value

    def config(self, params: Mapping[str, Any], *, source: str = "trial") -> TrialConfig:
        """The trial config of one draw."""
        return parse_trial(self.drawn(params), source)

    def broken(self, params: Mapping[str, Any]) -> str | None:
        """The first constraint that a draw breaks, and why where it has no value there; None where
        all hold.

        A constraint holds of a draw that lacks a path it names (`heads` of an encoder without). A
        draw that is no valid config before a default can be looked up breaks the constraint that
        asks for it.
        """
        value, resolved = self.drawn(params), dict[str, Any]()

        def value_of(path: str) -> Any:
            if path in params:
                return params[path]
            try:
                return _at(value, path)
            except Absent:
                resolved.update(
                    resolved or self.config(params, source="the draw").model_dump(mode="json")
                )
                return _at(resolved, path)

        for text in self.constraints:
            try:
                if not constraint_of(text).holds(value_of):
                    return text
            except Absent:
                continue
            except (ArithmeticError, TypeError, ConfigError) as error:
                return f"{text} ({error.what if isinstance(error, ConfigError) else error})"
        return None

    def define(self) -> Callable[[Any], None]:
        """Optuna's define-by-run function: parents before the parameters that depend on them."""
        ordered = self.ordered()
        fixed = self.fixed()

        def suggest(trial: Any) -> None:
            value = fixed
            for name in ordered:
                if self.active(name, value):
                    value = self.setting(value, name, self.search[name].suggest(trial, name))

        return suggest

    def ordered(self) -> list[str]:
        """The searched paths, parents before the parameters that depend on them."""
        done: list[str] = []
        waiting = list(self.search)
        while waiting:
            ready = [
                p for p in waiting if not any(parent in waiting for parent in self.search[p].when)
            ]
            if not ready:
                raise ConfigError(
                    f"search: the `when` conditions of {', '.join(waiting)} form a circle",
                    "Remove one of them.",
                )
            done += ready
            waiting = [p for p in waiting if p not in ready]
        return done


_OBJECTIVES = TypeAdapter(tuple[Objective, ...])


def _at(value: Mapping[str, Any], path: str) -> Any:
    node: Any = value
    for key in path.split("."):
        if not isinstance(node, Mapping) or key not in node:
            raise Absent(path)
        node = node[key]
    return node


def load_space(
    space: str | Path | Mapping[str, Any] | Space,
    overrides: Mapping[str, Any] | None = None,
    *,
    source: str = "",
) -> Space:
    """A space from a YAML file, a mapping or an object, with overrides applied.

    An override of a space key (`budget.trials`) changes the space; of a searched path, pins it; of
    any other config path, sets its base value. Errors call the space `source`, with the line where
    it is a file, and name the override where that is what is wrong.
    """
    source = source or (str(space) if isinstance(space, str | Path) else "space")
    file = Path(space) if isinstance(space, str | Path) else None
    if isinstance(space, Space):
        value = space.model_dump(
            mode="json", by_alias=True, exclude_unset=True
        )  # a grid asks whether `trials` was set
    else:
        value = dict(space) if isinstance(space, Mapping) else load_yaml(Path(space))
    with blamed(
        source, file
    ):  # first as it is written: an override must not be blamed for it, nor trip over it
        parse(Space, value, source)
    with blamed(source, None, overrides):
        return parse(
            Space, overridden(value, overrides or {}, sections=set(Space.model_fields)), source
        )
