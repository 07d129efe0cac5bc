"""Which draws of a space are the same trial, and how many different trials it has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from raylab.space.grid import grid_points
from raylab.space.parameters import Scalar
from raylab.space.space import Space
from raylab.training.canonical import same_trial
from raylab.tuning.checks.configs import Sessions


def same_draw(space: Space, sessions: Sessions, params: Mapping[str, Scalar]) -> str:
    """A text that is equal for draws that are the same trial on these sessions.

    Raises:
        ConfigError: The draw is no valid config.
    """
    return same_trial(space.config(params), sessions)


def different_points(space: Space, sessions: Sessions) -> Iterator[dict[str, Scalar]]:
    """The points of a grid; of those that are the same trial, the first."""
    seen = set[str]()
    for point in grid_points(space):
        key = same_draw(space, sessions, point)
        if key not in seen:
            seen.add(key)
            yield point
