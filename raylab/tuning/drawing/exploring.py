"""The decisions of population-based training: which members take over whose weights, and how their
parameters change. Jaderberg et al. 2017 (arXiv:1711.09846).

All functions depend only on the population and a random generator.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from raylab.errors import ConfigError
from raylab.space.parameters import Parameter, Scalar
from raylab.space.schedulers import PbtConfig
from raylab.space.space import Space
from raylab.tracking.records import Mode

# Paths that begin so change neither the shapes of weights nor what a validation measures.
MUTABLE = (
    "optimizer.",
    "loss.",
    "augmentation.",
    "sampling.",
    "training.batch_size",
    "training.accumulate",
)
FACTORS = (0.8, 1.2)
RESAMPLED = 0.25  # the chance that a value is drawn anew instead
TRIES = 100


@dataclass(frozen=True)
class Member:
    """A member of a population at the end of a generation."""

    trial: str
    step: int
    score: float
    params: Mapping[str, Scalar]


def takeovers(
    members: Iterable[Member], mode: Mode, quantile: float, rng: random.Random
) -> list[tuple[Member, Member]]:
    """Pairs of a member that gives up its weights and the member whose weights it takes.

    By truncation selection, each of the worst share takes over from a random one of the best share.
    A population of one has no pairs.
    """
    sign = -1.0 if mode == "max" else 1.0
    ranked = sorted(members, key=lambda member: (sign * member.score, member.trial))
    count = min(len(ranked) // 2, max(1, round(quantile * len(ranked))))
    return [(worse, rng.choice(ranked[:count])) for worse in ranked[len(ranked) - count :]]


def explore(
    space: Space, params: Mapping[str, Scalar], paths: Iterable[str], rng: random.Random
) -> dict[str, Scalar]:
    """Parameters near those given: each path is changed by a factor (a choice: to a neighbour), or
    drawn anew.

    If no try gives a valid config, the parameters stay as they are.
    """
    for _ in range(TRIES):
        changed = {
            path: _changed(space.search[path], params[path], rng)
            for path in paths
            if path in params
        }
        candidate = {**params, **changed}
        if _valid(space, candidate):
            return candidate
    return dict(params)


def check_population(space: Space, source: str) -> None:
    """Raise ConfigError if a population cannot search a space."""
    kind = space.scheduler.kind
    if space.budget.trials < 2:
        raise ConfigError(
            f"{source}: scheduler.kind {kind}: a population needs at least two members",
            "Set budget.trials to 2 or more.",
        )
    ends = next(
        (
            name
            for name in ("hours", "target", "plateau")
            if getattr(space.budget, name) is not None
        ),
        None,
    )
    if ends:
        raise ConfigError(
            f"{source}: budget.{ends} ends a search before all trials have begun, but a "
            f"population (scheduler.kind {kind}) begins all of them together",
            f"Leave budget.{ends} out.",
        )


def mutable_paths(space: Space, config: PbtConfig, source: str = "space") -> list[str]:
    """The searched paths that may change while a member trains.

    Raises:
        ConfigError: One that is named cannot, or there is none.
    """
    parents = {parent for parameter in space.search.values() for parent in parameter.when}

    def fits(path: str) -> bool:
        set_by_it = space.paths(path)
        is_free = path not in parents and not space.search[path].is_single
        return is_free and all(
            target.startswith(MUTABLE) and not target.endswith(".kind") for target in set_by_it
        )

    for path in config.mutate or ():
        if path not in space.search:
            raise ConfigError(
                f"{source}: scheduler.mutate: '{path}' is not searched", "Name paths of `search`."
            )
        if not fits(path):
            raise ConfigError(
                f"{source}: scheduler.mutate: '{path}' cannot change while a model trains: its "
                "weights would not fit, or its scores would mean something else",
                f"Name paths that begin with {', '.join(MUTABLE)}.",
            )
    mutable = (
        list(config.mutate)
        if config.mutate is not None
        else [path for path in space.search if fits(path)]
    )
    if not mutable:
        raise ConfigError(
            f"{source}: scheduler.kind pbt: no searched path can change while a model trains",
            "Search optimizer.learning_rate or the like, or choose another scheduler.",
        )
    return mutable


def _changed(parameter: Parameter, value: Scalar, rng: random.Random) -> Scalar:
    values = parameter.values()
    if values is not None:
        if rng.random() < RESAMPLED or value not in values:
            return rng.choice(values)
        at = values.index(value) + rng.choice((-1, 1))
        return values[min(max(at, 0), len(values) - 1)]
    low, high = parameter.float_ or parameter.int_ or (0, 0)
    if rng.random() < RESAMPLED or not isinstance(value, int | float):
        return _rounded(parameter, _uniform(low, high, parameter.log, rng))
    return _rounded(parameter, min(max(value * rng.choice(FACTORS), low), high))


def _uniform(low: float, high: float, log: bool, rng: random.Random) -> float:
    return low * (high / low) ** rng.random() if log else rng.uniform(low, high)


def _rounded(parameter: Parameter, value: float) -> Scalar:
    return round(value) if parameter.int_ else float(value)


def _valid(space: Space, params: Mapping[str, Scalar]) -> bool:
    try:
        space.config(params)
    except ConfigError:
        return False
    return space.broken(params) is None
