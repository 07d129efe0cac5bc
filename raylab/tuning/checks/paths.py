"""Checks of one searched path at a time, against the config and the dataset."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from typing import TypeVar

from raylab.config.dotted import get_path
from raylab.config.parse import parse_trial
from raylab.errors import ConfigError
from raylab.space.conditions import parents_met, possible, when_met, with_search
from raylab.space.draws import allowed_draw
from raylab.space.parameters import Parameter, Scalar
from raylab.space.space import Space
from raylab.tuning.checks.configs import Sessions, check_on_sessions

T = TypeVar("T")
# Constraints may forbid a value among the defaults of the rest. So many draws with it are tried.
MOST_DRAWS = 20


def check_path(space: Space, path: str, source: str) -> None:
    """Raise ConfigError where a path cannot be searched, or one of its values is not valid."""
    parameter, targets = space.search[path], space.paths(path)
    if any(target.startswith(("evaluation.", "task.")) for target in targets):
        raise ConfigError(
            f"{source}: search.{path}: it determines how trials are scored, so trials that "
            "differ in it cannot be compared",
            f"Set it in `base`, or with --set {path}=...",
        )
    if "sessions.combine" in targets and "first" in (parameter.categorical or ()):
        raise ConfigError(
            f"{source}: search.{path}: 'first' leaves sessions out, so trials with it cannot "
            "be compared with others",
            "Search separate and padded, or set --set sessions.combine=first.",
        )
    for parent, wanted in parameter.when.items():
        if parent in space.search and not possible(parent, wanted, space):
            raise ConfigError(
                f"{source}: search.{path}.when: {parent} is never {wanted!r}",
                f"Its choices: {', '.join(map(str, space.search[parent].categorical or ()))}.",
            )
    for value in parameter.extremes():
        _check_value(space, path, value, source)


def _check_value(space: Space, path: str, value: Scalar, source: str) -> None:
    try:
        config = _with_value(space, path, value, lambda candidate: parse_trial(candidate, source))
    except ConfigError as error:
        what = error.what.removeprefix(f"{source}: ")
        raise ConfigError(
            f"{source}: search.{path}: value {value!r} is not valid: {what}", error.remedy
        ) from None
    if config is None or space.search[path].float_ is None:
        return
    leaves = [get_path(config, target) for target in space.paths(path)]
    if any(isinstance(leaf, int) and not isinstance(leaf, bool) for leaf in leaves):
        raise ConfigError(
            f"{source}: search.{path}: a whole number is needed", "Use int: [low, high]."
        )


def for_dataset(
    space: Space, path: str, sessions: Sessions, source: str, notes: list[str]
) -> Space:
    """The space with those choices of a path that the dataset can use.

    The path itself is left out where its parent has lost the choices that it needs, or where the
    rest of the config decides its value. Each change is added to the notes.
    """
    parameter = space.search[path]
    for parent, wanted in parameter.when.items():
        if parent not in space.search or not possible(parent, wanted, space):
            notes.append(f"{path}: left out, as is its {parent}")
            return _without(space, path)
    usable, reasons = _usable(space, path, parameter, sessions, source)
    if _has_no_effect(space, path, parameter, source):
        notes.append(f"{path}: left out, the rest of the config decides it")
        return _without(space, path)
    if parameter.categorical is None or len(usable) == len(parameter.categorical):
        return space
    notes.append(
        f"{path}: {', '.join(map(str, reasons))} left out ({next(iter(reasons.values()))})"
    )
    fewer = parameter.model_copy(update={"categorical": tuple(usable)})
    return with_search(space, {**space.search, path: fewer})


def _without(space: Space, path: str) -> Space:
    return with_search(space, {name: entry for name, entry in space.search.items() if name != path})


def _usable(
    space: Space, path: str, parameter: Parameter, sessions: Sessions, source: str
) -> tuple[list[Scalar], dict[Scalar, str]]:
    """The extremes that can run on these sessions, and why others cannot.

    Raises:
        ConfigError: No choice can run, or not the whole of a range.
    """
    usable: list[Scalar] = []
    errors: dict[Scalar, ConfigError] = {}

    def check(candidate: dict[str, object]) -> None:
        check_on_sessions(parse_trial(candidate, source), sessions)

    for value in parameter.extremes():
        try:
            _with_value(space, path, value, check)
            usable.append(value)
        except ConfigError as error:
            errors[value] = error
    if errors and (parameter.categorical is None or not usable):
        last = list(errors.values())[-1]
        raise ConfigError(f"{source}: search.{path}: {last.what}", last.remedy)
    return usable, {value: error.what for value, error in errors.items()}


def _has_no_effect(space: Space, path: str, parameter: Parameter, source: str) -> bool:
    """Whether every value becomes the same, as `input.window` where whole trials are decoded."""
    resolved = [
        _with_value(space, path, value, lambda candidate: parse_trial(candidate, source))
        for value in parameter.extremes()
    ]
    configs = [config for config in resolved if config is not None]
    leaves = {str([get_path(config, target) for target in space.paths(path)]) for config in configs}
    return len(configs) > 1 and len(leaves) == 1


def _with_value(
    space: Space, path: str, value: Scalar, check: Callable[[dict[str, object]], T]
) -> T | None:
    """The result of `check` on a config with this value: among the defaults, or, where constraints
    tie the value to others, in a random draw. None where the constraints rule the value out.
    """
    try:
        return check(space.setting(when_met(space, path), path, value))
    except ConfigError:
        if not space.constraints:
            raise
        for seed in range(MOST_DRAWS):
            fixed = {**parents_met(space, path), path: value}
            params = allowed_draw(space, random.Random(seed), fixed)
            if params is None:
                return None
            with contextlib.suppress(ConfigError):
                return check(space.drawn(params))
        raise
