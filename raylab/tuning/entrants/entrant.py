"""One entrant of `raylab answer`: a named decoder with the configs that it is tried with."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from raylab.config.dotted import ConfigValues, Scalar
from raylab.config.parse import parse_trial
from raylab.data.datasets.specs import SessionSpec
from raylab.space.draws import random_draws
from raylab.space.grid import grid_points
from raylab.space.space import Space
from raylab.training.canonical import same_trial
from raylab.tuning.entrants.shipped import Family

MOST_REPEATED = 500  # draws in a row without a new config: then there is none


@dataclass
class Entrant:
    """A contestant, whose configs are trials of a study.

    Attributes:
        name: Such as `ridge`.
        family: What kind of model it is.
        space: Its search space, checked against the dataset.
        sessions: The sessions of the dataset, by name.
        seed: Of its random draws.
    """

    name: str
    family: Family
    space: Space
    sessions: Mapping[str, SessionSpec] = field(repr=False)
    seed: int = 0
    _configs: list[ConfigValues] = field(default_factory=list, repr=False)
    _ahead: Iterator[ConfigValues] | None = field(default=None, repr=False)

    def config(self, n: int) -> ConfigValues | None:
        """The config that is tried as number `n`, from 0; None where there are not so many.

        The points of the space come first, in their order. Then come all other points of a grid, or
        random draws. No two configs are the same trial. The config depends on the space, the seed
        and `n` only.
        """
        if self._ahead is None:
            self._ahead = self._distinct()
        self._configs += islice(self._ahead, max(0, n + 1 - len(self._configs)))
        return self._configs[n] if n < len(self._configs) else None

    def _distinct(self) -> Iterator[ConfigValues]:
        known: set[str] = set()
        repeated = 0
        for params in self._draws():
            if self.space.broken(params) is not None:
                continue
            config = self.space.drawn(params)
            key = same_trial(parse_trial(config, self.name), self.sessions)
            if key not in known:
                known.add(key)
                repeated = 0
                yield config
                continue
            repeated += 1
            if repeated == MOST_REPEATED:
                return

    def _draws(self) -> Iterator[dict[str, Scalar]]:
        source = random.Random(f"{self.seed} {self.name}")
        for point in self.space.points:
            yield next(random_draws(self.space, source, point))
        yield from grid_points(self.space) if self.finite else random_draws(self.space, source)

    @property
    def finite(self) -> bool:
        """Whether its configs are the points of a grid, such as those of a baseline."""
        return self.space.sampler.visits_grid
