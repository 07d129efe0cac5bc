"""The points of a grid: every combination of values, each conditional path only where its `when` is
met.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from raylab.config.dotted import ConfigValues
from raylab.errors import ConfigError
from raylab.space.parameters import Scalar
from raylab.space.samplers import MOST_POINTS
from raylab.space.space import Space


def grid_points(space: Space) -> Iterator[dict[str, Scalar]]:
    """Names and values of every point that meets the constraints, once each; conditional ones only
    where active.
    """
    ordered = space.ordered()

    def below(
        value: ConfigValues, drawn: dict[str, Scalar], depth: int
    ) -> Iterator[dict[str, Scalar]]:
        if depth == len(ordered):
            if space.broken(drawn) is None:
                yield drawn
            return
        path = ordered[depth]
        parameter = space.search[path]
        if not space.active(path, value):
            yield from below(value, drawn, depth + 1)
            return
        for choice in dict.fromkeys(parameter.values() or ()):
            yield from below(space.setting(value, path, choice), {**drawn, path: choice}, depth + 1)

    return below(space.fixed(), {}, 0)


Points = Callable[[Space], Iterator[dict[str, Scalar]]]


def with_grid_budget(
    space: Space, source: str, points: Points = grid_points
) -> tuple[Space, list[str]]:
    """The space with as many trials as its grid has points, or as the budget allows where that is
    given; notes.

    Args:
        points: The points of a space that are different trials.

    Raises:
        ConfigError: a path has no finite list of values, or the grid is too large to be meant.
    """
    for path, parameter in space.search.items():
        if parameter.values() is None:
            raise ConfigError(
                f"{source}: search.{path}: a grid needs a list of values",
                "Use categorical: [...], or give the bounds a `step`; or choose another "
                "sampler.kind.",
            )
    given = space.budget.trials if "trials" in space.budget.model_fields_set else None
    most = given or MOST_POINTS
    count = sum(1 for _ in islice(points(space), most + 1))
    if count <= most:
        notes = (
            [f"grid: {count} points, fewer than budget.trials {given}"]
            if given and count < given
            else []
        )
        return _with_trials(space, count), notes
    if given is None:
        raise ConfigError(
            f"{source}: the grid has more than {MOST_POINTS} points",
            "Set budget.trials, or larger steps.",
        )
    return space, [
        f"grid: it has more points than budget.trials {given}; which are visited is drawn at random"
    ]


def _with_trials(space: Space, trials: int) -> Space:
    return space.model_copy(update={"budget": space.budget.model_copy(update={"trials": trials})})
