"""What varies in a scaling study."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from raylab.space.parameters import Scalar

FRACTION = "sessions.training_fraction"


@dataclass(frozen=True)
class Axes:
    """The values of each axis.

    Attributes:
        fractions: Of each session's training samples, ascending.
        path: The config path of the width; None where only the config's own width is trained.
        widths: Values at that path.
        workers: Ascending. Speed-up is relative to the first.
        seeds: Trials per point.
    """

    fractions: tuple[float, ...]
    path: str | None
    widths: tuple[Scalar, ...]
    workers: tuple[int, ...]
    seeds: int

    def searched(self) -> dict[str, tuple[Scalar, ...]]:
        """Config paths and their values. The number of workers is not part of a config."""
        return {FRACTION: self.fractions, **({self.path: self.widths} if self.path else {})}

    def at(self, fraction: float, width: Scalar) -> dict[str, Scalar]:
        """The values of one point, without the seed."""
        return {FRACTION: fraction, **({self.path: width} if self.path else {})}


@dataclass(frozen=True)
class Sizes:
    """The sizes that places on the axes stand for.

    Attributes:
        samples: Training samples of each fraction, over all sessions.
        learnt: How many numbers a model of each width learns.
        batch: Samples (windows, examples) per step, over all sessions.
    """

    samples: Mapping[float, int]
    learnt: Mapping[Scalar, int]
    batch: int
