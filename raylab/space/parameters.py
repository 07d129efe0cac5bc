"""What is searched: one parameter of a space, as YAML describes it and as `Float`, `Int` and
`Choice` make it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Literal, Protocol

from pydantic import Field, field_validator, model_validator

from raylab.config.base import Strict
from raylab.config.dotted import Scalar as Scalar
from raylab.config.parse import parse


class Suggests(Protocol):
    """What draws the values of a trial: an Optuna trial, or `RandomDraw`."""

    def suggest_float(
        self, path: str, low: float, high: float, /, *, log: bool, step: float | None
    ) -> float: ...

    def suggest_int(self, path: str, low: int, high: int, /, *, log: bool, step: int) -> int: ...

    def suggest_categorical(self, path: str, choices: list[Scalar], /) -> Scalar: ...


class Parameter(Strict):
    """One draw: exactly one of float, int, categorical."""

    float_: tuple[float, float] | None = Field(None, alias="float")
    int_: tuple[int, int] | None = Field(None, alias="int")
    categorical: tuple[Scalar, ...] | None = None
    log: bool = False
    step: float | None = Field(None, gt=0)
    when: dict[str, Scalar | list[Scalar]] = Field(
        {}, description="searched only where these paths have these values"
    )
    paths: tuple[str, ...] = Field(
        (), description="config paths that share this draw; its key is then a free name"
    )
    unit: Literal["samples"] | None = Field(
        None, description="samples of the recording, for paths in milliseconds (..._ms)"
    )

    @field_validator("categorical", mode="before")
    @classmethod
    def _single_values(cls, choices: object) -> object:
        for choice in choices if isinstance(choices, list | tuple) else ():
            if isinstance(choice, list | tuple | Mapping):
                raise ValueError(
                    f"a choice is a single value (a number, a text, true or false), not {choice}"
                )
        return choices

    @model_validator(mode="after")
    def _has_a_kind(self) -> Parameter:
        if sum(value is not None for value in (self.float_, self.int_, self.categorical)) != 1:
            raise ValueError(
                "needs exactly one of float: [low, high], int: [low, high], categorical: [...]"
            )
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
        if self.unit and (self.int_ or self.step):
            raise ValueError("unit: samples needs float: [low, high] without a step, or a list")
        if self.paths and len(set(self.paths)) < max(2, len(self.paths)):
            raise ValueError("paths needs two or more config paths, each once")
        return self

    def extremes(self) -> list[Scalar]:
        """The values that decide whether the whole range is valid."""
        return list(
            self.categorical if self.categorical is not None else self.float_ or self.int_ or ()
        )

    def values(self) -> list[Scalar] | None:
        """Every value, as Optuna steps through the bounds; None where bounds have no step."""
        bounds = self.float_ or self.int_
        if bounds is None or self.step is None:
            return None if self.categorical is None else list(self.categorical)
        low, high, step = (Decimal(str(number)) for number in (*bounds, self.step))
        kind = float if self.float_ else int
        return [kind(low + k * step) for k in range(int((high - low) // step) + 1)]

    @property
    def is_single(self) -> bool:
        """Whether it has one value, as a parameter that is pinned and keeps its `when`."""
        return self.categorical is not None and len(self.categorical) == 1

    def contains(self, value: object) -> bool:
        """Whether a draw can be `value`."""
        if self.categorical is not None:
            return any(
                value == choice and isinstance(value, bool) == isinstance(choice, bool)
                for choice in self.extremes()
            )
        bounds = self.float_ or self.int_ or (0, 0)
        if isinstance(value, bool) or not isinstance(value, int if self.int_ else int | float):
            return False
        steps = (value - bounds[0]) / (self.step or 1)
        on_step = abs(steps - round(steps)) < 1e-8 if self.step else True
        return bounds[0] <= value <= bounds[1] and on_step

    def suggest(self, trial: Suggests, path: str) -> Scalar:
        if self.float_:
            return float(trial.suggest_float(path, *self.float_, log=self.log, step=self.step))
        if self.int_:
            return int(trial.suggest_int(path, *self.int_, log=self.log, step=int(self.step or 1)))
        choice: Scalar = trial.suggest_categorical(path, list(self.categorical or ()))
        return choice


When = Mapping[str, Scalar | Sequence[Scalar]]


def Float(
    low: float,
    high: float,
    *,
    log: bool = False,
    step: float | None = None,
    when: When | None = None,
    paths: Iterable[str] = (),
    unit: Literal["samples"] | None = None,
) -> Parameter:
    """Search a number between `low` and `high`; in a space file, `{float: [low, high]}`.

    Args:
        low: The smallest value.
        high: The largest value, above `low`.
        log: Whether to draw evenly on a logarithmic scale; then `low` must be above 0.
        step: The distance of the values that can be drawn, counted from `low`. Default: any number.
        when: The parameter is searched only where these config paths have these values.
        paths: Config paths that share this draw. The key in `search` is then a free name.
        unit: `samples` if the bounds are in samples of the recording; the path is then one in
            milliseconds, such as `view.smoothing_ms`.

    Raises:
        ConfigError: A space file with this parameter would be refused.

    Example:
        >>> rate = raylab.Float(1e-4, 1e-2, log=True)
        >>> rate.contains(0.003), rate.contains(1.0)
        (True, False)
    """
    entry = {"float": [low, high], "log": log, "step": step, "unit": unit}
    return _made("Float", entry, when, paths)


def Int(
    low: int,
    high: int,
    *,
    log: bool = False,
    step: int | None = None,
    when: When | None = None,
    paths: Iterable[str] = (),
) -> Parameter:
    """Search a whole number from `low` to `high`, both included; in a file, `{int: [low, high]}`.

    Args:
        low: The smallest value.
        high: The largest value, above `low`.
        log: Whether to draw evenly on a logarithmic scale; then `low` must be above 0.
        step: The distance of the values that can be drawn, counted from `low`. Default: 1.
        when: The parameter is searched only where these config paths have these values.
        paths: Config paths that share this draw. The key in `search` is then a free name.

    Raises:
        ConfigError: A space file with this parameter would be refused.

    Example:
        >>> raylab.Int(8, 32, step=8).values()
        [8, 16, 24, 32]
    """
    return _made("Int", {"int": [low, high], "log": log, "step": step}, when, paths)


def Choice(
    choices: Iterable[Scalar],
    *,
    when: When | None = None,
    paths: Iterable[str] = (),
    unit: Literal["samples"] | None = None,
) -> Parameter:
    """Search a choice among values; in a space file, `{categorical: [...]}`.

    Args:
        choices: The values: text, numbers, truth values or None.
        when: The parameter is searched only where these config paths have these values.
        paths: Config paths that share this draw. The key in `search` is then a free name.
        unit: `samples` if the values are in samples of the recording; the path is then one in
            milliseconds, such as `view.smoothing_ms`.

    Raises:
        ConfigError: A space file with this parameter would be refused.

    Example:
        >>> raylab.Choice(["offset5", "offset10"]).values()
        ['offset5', 'offset10']
    """
    return _made("Choice", {"categorical": list(choices), "unit": unit}, when, paths)


def _made(
    name: str, entry: dict[str, object], when: When | None, paths: Iterable[str]
) -> Parameter:
    wanted = {
        path: list(entry) if isinstance(entry, tuple) else entry
        for path, entry in (when or {}).items()
    }
    given = {**entry, "when": wanted, "paths": list(paths)}
    return parse(Parameter, {key: value for key, value in given.items() if value}, f"raylab.{name}")


def leaves(value: Mapping[str, object], prefix: str = "") -> Iterable[tuple[str, object]]:
    """Dotted paths and values; keys may be dotted themselves."""
    for key, inner in value.items():
        path = f"{prefix}{key}"
        if isinstance(inner, Mapping) and inner:
            yield from leaves(inner, f"{path}.")
        else:
            yield path, inner


def get(value: Mapping[str, object], path: str) -> object:
    """What a mapping has at a dotted path; None where it has nothing there."""
    node: object = value
    for key in path.split("."):
        if not isinstance(node, Mapping) or key not in node:
            return None
        node = node[key]
    return node
