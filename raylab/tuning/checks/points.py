"""Points to try first: whether the space can draw them, and which of them a dataset can use."""

from __future__ import annotations

from raylab.config.explain import did_you_mean
from raylab.errors import ConfigError
from raylab.space.parameters import Scalar
from raylab.space.space import Space


def check_points(space: Space, source: str) -> None:
    """Points name searched paths, with values that can be drawn, and the parents of paths that are
    conditional.

    Raises:
        ConfigError: names the point and the path.
    """
    for number, point in enumerate(space.points):
        where = f"{source}: points.{number}"
        for name, value in point.items():
            if name not in space.search:
                raise ConfigError(
                    f"{where}: '{name}' is not searched", did_you_mean(name, space.search)
                )
            if not space.search[name].contains(value):
                raise ConfigError(
                    f"{where}.{name}: {value!r} cannot be drawn", f"See search.{name}."
                )
            missing = next(
                (parent for parent in space.search[name].when if parent not in point), None
            )
            if missing is not None:
                raise ConfigError(
                    f"{where}.{name}: it exists only with some {missing}",
                    f"Add {missing} to the point.",
                )
        config = space.drawn(point)
        stray = next((name for name in point if not space.active(name, config)), None)
        if stray is not None:
            raise ConfigError(
                f"{where}.{stray}: its `when` is not met", "Remove it from the point."
            )
        if point in space.points[:number]:
            raise ConfigError(f"{where}: this point is listed twice", "Remove one of them.")


def with_usable_points(space: Space, notes: list[str]) -> Space:
    """The space with those points that it can still draw after choices were left out. A parameter
    that was left out, altogether or with a point's other values, is left out of the point, too.

    Each point that goes is added to the notes.
    """
    points: list[dict[str, Scalar]] = []
    for point in space.points:
        drawn = {name: value for name, value in point.items() if name in space.search}
        config = space.drawn(drawn)
        kept = {name: value for name, value in drawn.items() if space.active(name, config)}
        if not all(space.search[name].contains(value) for name, value in kept.items()):
            values = ", ".join(f"{name}={value}" for name, value in kept.items())
            notes.append(f"points: {values} left out, as is one of its choices")
        elif kept and kept not in points:
            points.append(kept)
    return space.model_copy(update={"points": tuple(points)}) if space.points else space
