"""The search space. Its parameters are dotted config paths."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, TypeAdapter, field_validator, model_validator

from raylab.config.base import Strict
from raylab.config.dotted import ConfigValues, set_path
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
from raylab.space.parameters import Parameter, Scalar, Suggests, get, leaves
from raylab.space.samplers import SAMPLERS, SamplerConfig, TpeConfig, samplers_that
from raylab.space.schedulers import SCHEDULERS, NoSchedulerConfig, SchedulerConfig
from raylab.space.settings import Budget, Objective, Resources
from raylab.space.shipped import named_space


@lru_cache(maxsize=256)
def constraint_of(text: str) -> Constraint:
    return Constraint(text)


def _expression(text: str) -> str:
    return constraint_of(text).text


class Space(Strict):
    """A search space, as a space file describes it.

    `search` holds the parameters, `base` fixed config values. Config values that neither names
    keep their defaults. `objective` is one objective, or a list of two or three; the study then
    searches for the Pareto front. `points` are tried first. `constraints` hold for every draw.
    `warm_start` names earlier studies whose trials inform the sampler.

    Raises:
        ValidationError: From pydantic. `load_space` raises ConfigError instead.

    Example:
        >>> space = raylab.Space(
        ...     task={"kind": "contrastive"},
        ...     search={
        ...         "model.output_dimension": raylab.Int(3, 8),
        ...         "optimizer.learning_rate": raylab.Float(1e-4, 1e-2, log=True),
        ...     },
        ... )
        >>> list(space.search)
        ['model.output_dimension', 'optimizer.learning_rate']
    """

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
    def _samples_of_milliseconds(self) -> Space:
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

    def active(self, name: str, value: Mapping[str, object]) -> bool:
        """Whether a parameter is drawn when the config has these values so far."""
        return all(
            get(value, self.paths(parent)[0]) in (wanted if isinstance(wanted, list) else [wanted])
            for parent, wanted in self.search[name].when.items()
        )

    def setting(self, value: Mapping[str, object], name: str, leaf: object) -> ConfigValues:
        """A copy of a config mapping with the value of one parameter set."""
        result = dict(value)
        for path in self.paths(name):
            result = set_path(result, path, leaf)
        return result

    def fixed(self) -> ConfigValues:
        """The config mapping without searched values."""
        value: ConfigValues = {"task": dict(self.task)}
        for path, leaf in leaves(self.base):
            value = set_path(value, path, leaf)
        return value

    def with_singles(self, value: ConfigValues) -> ConfigValues:
        """A config mapping with every parameter of a single value that is active in it."""
        for name in self.ordered():
            parameter = self.search[name]
            if parameter.is_single and self.active(name, value):
                value = self.setting(value, name, parameter.extremes()[0])
        return value

    def drawn(self, params: Mapping[str, Scalar]) -> ConfigValues:
        """The config mapping of one draw."""
        value = self.fixed()
        for name, leaf in params.items():
            value = self.setting(value, name, leaf)
        return value

    def config(self, params: Mapping[str, Scalar], *, source: str = "trial") -> TrialConfig:
        """The trial config of one draw."""
        return parse_trial(self.drawn(params), source)

    def broken(self, params: Mapping[str, Scalar]) -> str | None:
        """The first constraint that a draw breaks, and the reason if it cannot be computed; None if
        all hold.

        A constraint holds if the draw lacks a path that it names (`heads` of an encoder without
        heads). A constraint that needs the default of a path is broken if the draw is no valid
        config.
        """
        value, resolved = self.drawn(params), ConfigValues()

        def value_of(path: str) -> object:
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

    def define(self) -> Callable[[Suggests], None]:
        """Optuna's define-by-run function: parents before the parameters that depend on them."""
        ordered = self.ordered()
        fixed = self.fixed()

        def suggest(trial: Suggests) -> None:
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


def _at(value: Mapping[str, object], path: str) -> object:
    node: object = value
    for key in path.split("."):
        if not isinstance(node, Mapping) or key not in node:
            raise Absent(path)
        node = node[key]
    return node


def load_space(
    space: str | Path | Mapping[str, object] | Space,
    overrides: Mapping[str, object] | None = None,
    *,
    source: str = "",
) -> Space:
    """Read a space, with overrides applied.

    An override of a space key (`budget.trials`) changes that key. An override of a searched path
    pins it. An override of any other config path sets its value in `base`.

    Args:
        space: A YAML file, the name of a shipped space, a mapping or a Space.
        overrides: Values by dotted path.
        source: What errors call the space; default: its file.

    Raises:
        ConfigError: Names the line of the file or the override that is wrong.
    """
    source = source or (str(space) if isinstance(space, str | Path) else "space")
    file = named_space(space) if isinstance(space, str | Path) else None
    if file is not None:
        value = load_yaml(file)
    elif isinstance(space, Space):
        value = space.model_dump(
            mode="json", by_alias=True, exclude_unset=True
        )  # the default of budget.trials depends on the sampler, so unset keys stay unset
    else:
        assert isinstance(space, Mapping)
        value = dict(space)
    # The file is checked first without the overrides, so that no override is blamed for its errors.
    with blamed(source, file):
        parse(Space, value, source)
    with blamed(source, None, overrides):
        return parse(
            Space, overridden(value, overrides or {}, sections=set(Space.model_fields)), source
        )
