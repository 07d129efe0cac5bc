"""What a scaling study results in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from raylab.analysis.over_seeds import OverSeeds
from raylab.results import Result
from raylab.space.parameters import Scalar


@dataclass(frozen=True)
class Point(Result):
    """One combination of workers, width and training data, over seeds.

    Attributes:
        workers: Data-parallel workers per trial.
        width: Of the model; None where the width does not vary.
        fraction: Of each session's training samples.
        samples: Training samples, over all sessions.
        learnt: How many numbers the model learns.
        completed, failed: Trials.
        score: The study's objective on validation; None where no trial completed.
        error: The score as an error (see `Scaling.error`).
        steps_per_s: Training steps per second, the median over the times between two reports.
        samples_per_s: `steps_per_s` times the samples per step.
        speed_up: Speed relative to the fewest workers, of trials of the same seed.
        efficiency: `speed_up` divided by how many times as many workers there are.
    """

    workers: int
    width: Scalar
    fraction: float
    samples: int
    learnt: int
    completed: int
    failed: int
    score: OverSeeds | None
    error: OverSeeds | None
    steps_per_s: OverSeeds | None
    samples_per_s: OverSeeds | None
    speed_up: OverSeeds | None
    efficiency: OverSeeds | None


@dataclass(frozen=True)
class Curve(Result):
    """A fitted law along the sizes, with its 95 % interval; None for one seed."""

    sizes: Sequence[float]
    errors: Sequence[float]
    low: Sequence[float] | None
    high: Sequence[float] | None


@dataclass(frozen=True)
class FittedLaw(Result):
    """error(n) = a * n^-b + c, fitted to means over seeds (see `raylab.evaluation.power_law`).

    Attributes:
        intervals: {"a", "b", "c": 95 % interval by bootstrap over seeds}; None for one seed.
        r2: Of the means; None where all means are equal.
        notes: Reasons to distrust the fit.
    """

    a: float
    b: float
    c: float
    intervals: Mapping[str, Sequence[float]] | None
    r2: float | None
    notes: Sequence[str]
    curve: Curve


@dataclass(frozen=True)
class RefusedLaw(Result):
    """Why no law was fitted."""

    refused: str


Law = FittedLaw | RefusedLaw


@dataclass(frozen=True)
class Laws(Result):
    """Laws of the error, from the trials with the fewest workers.

    Attributes:
        data: Width, as text -> law over training samples.
        width: Law over width, with all training data; None where the width does not vary.
    """

    data: Mapping[str, Law]
    width: Law | None


@dataclass(frozen=True)
class Scaling(Result):
    """Scores and speeds over training data, model width and workers.

    Attributes:
        metric: The study's objective.
        error: What the laws are fitted to, such as `1 - decoding.r2`.
        width_path: The config path that the width is of; None where the width does not vary.
        seeds: Trials per point.
        steps: The most training steps of any trial.
        batch: Samples (windows, examples) per step, over all sessions.
        one_at_a_time: Whether trials ran alone, so that they did not slow each other.
    """

    metric: str
    error: str
    width_path: str | None
    seeds: int
    steps: int
    batch: int
    one_at_a_time: bool
    points: tuple[Point, ...]
    laws: Laws
