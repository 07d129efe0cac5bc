"""Checks of what a space draws: shared draws, values together, and what its sampler cannot do."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from itertools import islice

from raylab.config.dotted import get_path
from raylab.config.explain import did_you_mean
from raylab.config.parse import parse_trial
from raylab.config.trial import TrialConfig
from raylab.errors import ConfigError
from raylab.space.constraints import constraint_of
from raylab.space.draws import allowed_draw
from raylab.space.grid import Points, grid_points
from raylab.space.parameters import Scalar, leaves
from raylab.space.samplers import MOST_TRIES, samplers_that
from raylab.space.space import Space

DRAWS = 100
Problem = Callable[[Mapping[str, object]], ConfigError | None]  # of a config mapping


def check_names(space: Space, source: str) -> None:
    """A shared draw has a name of its own: it must not look like a config path."""
    for name, parameter in space.search.items():
        if parameter.paths and (
            "." in name or name in TrialConfig.model_fields or _is_path(space, name, source)
        ):
            raise ConfigError(
                f"{source}: search.{name}: a draw for several paths needs a name that is no config "
                "path",
                f"For example: {name.rpartition('.')[2]}_shared: {{..., paths: [...]}}",
            )


def _is_path(space: Space, name: str, source: str) -> bool:
    try:
        get_path(parse_trial(space.fixed(), source), name)
    except (AttributeError, KeyError, ConfigError):
        return False
    return True


def check_draws(space: Space, problem: Problem, source: str) -> None:
    """Values that are valid alone may not be so together (hidden_units and heads): a search would
    find out half-way.

    Args:
        problem: Why a config is not valid or cannot run here; None where it can.
    """
    define_points = [*space.points, *[{}] * (DRAWS if space.search else 0)]
    known: set[str] = set(space.search)
    for seed, fixed in enumerate(define_points):
        params = allowed_draw(space, random.Random(seed), fixed)
        if params is None:
            raise _never_met(space, fixed, source)
        error = problem(space.drawn(params))
        if error is not None:
            values = ", ".join(f"{path}={value}" for path, value in params.items())
            raise ConfigError(
                f"{error.what}; drawn were {values}",
                "Use `step`, `when`, `constraints` or other bounds, so that every draw is valid.",
            )
        known |= _paths_of(space.config(params)) if space.constraints else set()
    for number, text in enumerate(space.constraints):
        unknown = next((path for path in constraint_of(text).paths if path not in known), None)
        if unknown is not None:
            raise ConfigError(
                f"{source}: constraints.{number}: '{unknown}' is no config path",
                did_you_mean(unknown, known),
            )


def _paths_of(config: TrialConfig) -> set[str]:
    return {path for path, _ in leaves(config.model_dump(mode="json"))}


def _never_met(space: Space, fixed: Mapping[str, Scalar], source: str) -> ConfigError:
    """The constraint that draws break, of which none was met."""
    free = space.model_copy(update={"constraints": ()})
    params = allowed_draw(free, random.Random(0), fixed) or {}
    broken = space.broken(params) or ""
    number = next((n for n, text in enumerate(space.constraints) if broken.startswith(text)), 0)
    key = (
        f"points.{space.points.index(dict(fixed))}: it breaks"
        if fixed
        else f"constraints.{number}: no draw meets"
    )
    values = ", ".join(f"{path}={value}" for path, value in params.items())
    return ConfigError(
        f"{source}: {key} {broken}; drawn were {values}",
        f"{MOST_TRIES} draws were tried: change it, or the bounds.",
    )


def check_sampler(space: Space, source: str, different: Points = grid_points) -> list[str]:
    """Notes of what the sampler does not learn from, and of a budget that is too large. ConfigError
    where it can learn nothing.

    Args:
        different: The points of a space that are different trials.
    """
    sampler, notes = space.sampler, list[str]()
    if len(space.objectives) > 1 and not sampler.several_objectives:
        raise ConfigError(
            f"{source}: sampler.kind {sampler.kind} searches with one objective only",
            f"Use {samplers_that('several_objectives')}.",
        )
    learnt = [name for name, entry in space.search.items() if sampler.learns(entry)]
    if space.search and not learnt:
        raise ConfigError(
            f"{source}: sampler.kind {sampler.kind} learns from {sampler.learnable}: this space "
            "has none",
            "Use sampler.kind tpe.",
        )
    ignored = [name for name in space.search if name not in learnt]
    if ignored:
        notes.append(f"sampler: {sampler.kind} draws {', '.join(ignored)} at random")
    if len(space.points) > space.budget.trials:
        notes.append(
            f"points: the first {space.budget.trials} of {len(space.points)} are tried "
            "(budget.trials)"
        )
    if (
        not sampler.visits_grid
        and space.search
        and all(entry.values() is not None for entry in space.search.values())
    ):
        points = sum(1 for _ in islice(different(space), space.budget.trials))
        if points < space.budget.trials:
            notes.append(
                f"search: there are {points} different draws: later trials of "
                f"{space.budget.trials} repeat some"
            )
    return notes
