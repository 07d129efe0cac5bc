"""The search space: leaves are dotted config paths. Every path, type and bound is checked before anything starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, TypeAdapter, field_validator, model_validator

from raylab.config import Strict, TrialConfig
from raylab.errors import ConfigError
from raylab.parsing import load_yaml, parse, parse_trial, set_path

Scalar = bool | int | float | str | None


class Parameter(Strict):
    """One searched path: exactly one of float, int, categorical."""

    float_: tuple[float, float] | None = Field(None, alias="float")
    int_: tuple[int, int] | None = Field(None, alias="int")
    categorical: tuple[Scalar, ...] | None = None
    log: bool = False
    step: float | None = Field(None, gt=0)
    when: dict[str, Scalar | list[Scalar]] = Field({}, description="searched only where these paths have these values")

    @model_validator(mode="after")
    def _one_kind(self) -> Parameter:
        if sum(value is not None for value in (self.float_, self.int_, self.categorical)) != 1:
            raise ValueError("needs exactly one of float: [low, high], int: [low, high], categorical: [...]")
        bounds = self.float_ or self.int_
        if bounds and not bounds[0] < bounds[1]:
            raise ValueError(f"bounds [{bounds[0]}, {bounds[1]}] must ascend")
        if bounds and self.step and self.step > bounds[1] - bounds[0]:
            raise ValueError(f"the step {self.step:g} is wider than the bounds")
        if self.log and (bounds is None or bounds[0] <= 0 or self.step):
            raise ValueError("log needs bounds above 0 and no step")
        if self.int_ and self.step and self.step != int(self.step):
            raise ValueError("the step of an int must be whole")
        if self.categorical is not None and not self.categorical:
            raise ValueError("categorical needs at least one choice")
        return self

    def extremes(self) -> list[Scalar]:
        """The values that decide whether the whole range is valid."""
        return list(self.categorical if self.categorical is not None else self.float_ or self.int_ or ())

    def values(self) -> list[Scalar] | None:
        """Every value, as Optuna steps through the bounds; None where bounds have no step."""
        bounds = self.float_ or self.int_
        if bounds is None or self.step is None:
            return None if self.categorical is None else list(self.categorical)
        low, high, step = (Decimal(str(number)) for number in (*bounds, self.step))
        kind = float if self.float_ else int
        return [kind(low + k * step) for k in range(int((high - low) // step) + 1)]

    def active(self, value: Mapping[str, Any]) -> bool:
        return all(
            get(value, path) in (wanted if isinstance(wanted, list) else [wanted]) for path, wanted in self.when.items()
        )

    def suggest(self, trial: Any, path: str) -> Scalar:
        if self.float_:
            return float(trial.suggest_float(path, *self.float_, log=self.log, step=self.step))
        if self.int_:
            return int(trial.suggest_int(path, *self.int_, log=self.log, step=int(self.step or 1)))
        choice: Scalar = trial.suggest_categorical(path, list(self.categorical or ()))
        return choice


class Objective(Strict):
    metric: str = "decoding.score"
    mode: Literal["max", "min"] | None = Field(None, description="default: what the metric means")


class Sampler(Strict):
    kind: Literal["tpe", "random", "nsga2", "grid"] = "tpe"
    seed: int = Field(0, ge=0)
    startup_trials: int | None = Field(
        None, ge=1, description="random trials before TPE's model; default a third, at most 10"
    )
    population: int | None = Field(None, ge=2, description="of nsga2: a generation; default a quarter of the trials")

    @model_validator(mode="after")
    def _population_is_of_nsga2(self) -> Sampler:
        if self.population is not None and self.kind != "nsga2":
            raise ValueError(f"population is of nsga2, not of {self.kind}")
        return self


class Scheduler(Strict):
    kind: Literal["none", "asha"] = "none"
    metric: str | None = Field(None, description="what trials are stopped by; default: the objective where it is one")
    grace_steps: int = Field(300, ge=1, description="no trial is stopped before")
    reduction_factor: int = Field(3, ge=2, description="one in so many goes on at each rung")


class Budget(Strict):
    trials: int = Field(16, ge=1, description="of a grid: at most its points, and by default all of them")


class Resources(Strict):
    """Of one worker of one trial."""

    cpus: int = Field(1, ge=1)
    gpus: float = Field(0, ge=0)
    memory_gb: float | None = Field(None, gt=0)
    workers: int = Field(1, ge=1, description="data-parallel workers a trial")
    concurrent: int | None = Field(None, ge=1, description="trials at a time; default: what fits")


class Space(Strict):
    """A search space file. `base` holds fixed config values; what neither names keeps its default.

    `objective` is one, or a list of two or three: then the study looks for the Pareto front.
    """

    task: dict[str, Any] = {"kind": "contrastive"}
    objective: Objective | tuple[Objective, ...] = Objective()
    base: dict[str, Any] = {}
    search: dict[str, Parameter] = {}
    sampler: Sampler = Sampler()
    scheduler: Scheduler = Scheduler()
    budget: Budget = Budget()
    resources: Resources = Resources()

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
                raise ValueError(f"'{path}' is in `base` and in `search`: it can be in one of them only")
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

    def fixed(self) -> dict[str, Any]:
        """The config mapping without searched values."""
        value: dict[str, Any] = {"task": dict(self.task)}
        for path, leaf in leaves(self.base):
            value = set_path(value, path, leaf)
        return value

    def drawn(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The config mapping of one draw."""
        value = self.fixed()
        for path, leaf in params.items():
            value = set_path(value, path, leaf)
        return value

    def config(self, params: Mapping[str, Any], *, source: str = "trial") -> TrialConfig:
        """The trial config of one draw."""
        return parse_trial(self.drawn(params), source)

    def define(self) -> Callable[[Any], None]:
        """Optuna's define-by-run function: parents before the parameters that depend on them."""
        ordered = self.ordered()
        fixed = self.fixed()

        def suggest(trial: Any) -> None:
            value = fixed
            for path in ordered:
                parameter = self.search[path]
                if parameter.active(value):
                    value = set_path(value, path, parameter.suggest(trial, path))

        return suggest

    def ordered(self) -> list[str]:
        """The searched paths, parents before the parameters that depend on them."""
        done: list[str] = []
        waiting = list(self.search)
        while waiting:
            ready = [p for p in waiting if not any(parent in waiting for parent in self.search[p].when)]
            if not ready:
                raise ConfigError(
                    f"search: the `when` conditions of {', '.join(waiting)} form a circle", "Remove one of them."
                )
            done += ready
            waiting = [p for p in waiting if p not in ready]
        return done


_OBJECTIVES = TypeAdapter(tuple[Objective, ...])


def load_space(
    space: str | Path | Mapping[str, Any] | Space, overrides: Mapping[str, Any] | None = None, *, source: str = ""
) -> Space:
    """A space from a YAML file, a mapping or an object, with overrides applied.

    An override of a space key (`budget.trials`) changes the space; of a searched path, pins it; of any other
    config path, sets its base value. Errors call the space `source`.
    """
    source = source or (str(space) if isinstance(space, str | Path) else "space")
    if isinstance(space, Space):
        value = space.model_dump(mode="json", by_alias=True, exclude_unset=True)  # a grid asks whether `trials` was set
    else:
        value = dict(space) if isinstance(space, Mapping) else load_yaml(Path(space))
    parse(Space, value, source)  # first as it is written: an override must not be blamed for it, nor trip over it
    for path, leaf in leaves(overrides or {}):
        value = _override(value, path, leaf)
    return parse(Space, value, source)


def _override(value: dict[str, Any], path: str, leaf: Any) -> dict[str, Any]:
    head, _, rest = path.partition(".")
    if head in ("base", "search"):
        raise ConfigError(
            f"--set {path}: an override names a config path, without '{head}'",
            f"For example: --set {rest or 'training.max_steps'}={leaf}",
        )
    if head in Space.model_fields and path not in value.get("search", {}):
        return set_path(value, path, leaf)
    # A searched path is pinned; what was searched only for another choice of it no longer exists.
    kept = {
        name: entry
        for name, entry in value.get("search", {}).items()
        if name != path and not _excluded(entry, path, leaf)
    }
    base = {name: entry for name, entry in leaves(value.get("base", {})) if name != path}
    return {**value, "search": kept, "base": {**base, path: leaf}}


def _excluded(entry: Any, path: str, leaf: Any) -> bool:
    when = entry.get("when", {}) if isinstance(entry, Mapping) else {}
    if path not in when:
        return False
    wanted = when[path]
    return leaf not in (wanted if isinstance(wanted, list) else [wanted])


def leaves(value: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    """Dotted paths and values; keys may be dotted themselves."""
    for key, inner in value.items():
        path = f"{prefix}{key}"
        if isinstance(inner, Mapping) and inner:
            yield from leaves(inner, f"{path}.")
        else:
            yield path, inner


def get(value: Mapping[str, Any], path: str) -> Any:
    node: Any = value
    for key in path.split("."):
        if not isinstance(node, Mapping) or key not in node:
            return None
        node = node[key]
    return node
