"""Draws at random, without Optuna: for checks before anything starts, and where a sampler finds
nothing new.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TypeVar, cast

from raylab.space.parameters import Scalar
from raylab.space.samplers import MOST_TRIES
from raylab.space.space import Space

T = TypeVar("T", bound=Scalar)


class RandomDraw:
    """Answers `Space.define` as an Optuna trial would, with `fixed` values where they are given."""

    def __init__(self, source: random.Random, fixed: Mapping[str, Scalar]) -> None:
        self._random, self._fixed = source, fixed
        self.params: dict[str, Scalar] = {}

    def suggest_float(
        self, path: str, low: float, high: float, *, log: bool, step: float | None
    ) -> float:
        if step:
            steps = math.floor((high - low) / step + 1e-8)
            return self._kept(path, low + step * self._random.randint(0, steps))
        if log:
            exact = math.exp(self._random.uniform(math.log(low), math.log(high)))
            return self._kept(path, min(max(exact, low), high))
        return self._kept(path, self._random.uniform(low, high))

    def suggest_int(self, path: str, low: int, high: int, *, log: bool, step: int) -> int:
        if log:
            exact = math.exp(self._random.uniform(math.log(low), math.log(high)))
            return self._kept(path, min(max(round(exact), low), high))
        return self._kept(path, self._random.randrange(low, high + 1, step))

    def suggest_categorical(self, path: str, choices: list[Scalar]) -> Scalar:
        return self._kept(path, self._random.choice(choices))

    def _kept(self, path: str, value: T) -> T:
        self.params[path] = value = cast(T, self._fixed.get(path, value))
        return value


def random_draws(
    space: Space, source: random.Random, fixed: Mapping[str, Scalar] | None = None
) -> Iterator[dict[str, Scalar]]:
    """Draw after draw, whether or not they meet the constraints."""
    define = space.define()
    while True:
        draw = RandomDraw(source, fixed or {})
        define(draw)
        yield draw.params


def allowed_draw(
    space: Space, source: random.Random, fixed: Mapping[str, Scalar] | None = None
) -> dict[str, Scalar] | None:
    """A draw that meets the constraints; None where MOST_TRIES of them did not."""
    tries = islice(random_draws(space, source, fixed), MOST_TRIES)
    return next((params for params in tries if space.broken(params) is None), None)
