"""Scores, speeds and efficiency of each point of a scaling study, from its trials' records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np

from raylab.analysis.over_seeds import OverSeeds
from raylab.analysis.scaling.axes import Axes, Sizes
from raylab.analysis.scaling.fixed_grid import SEED
from raylab.analysis.scaling.results import Point
from raylab.space.parameters import Scalar
from raylab.tracking.records import TrialRecord, is_number

BySeed = Mapping[int, TrialRecord]


def steps_per_second(record: TrialRecord) -> float | None:
    """Training steps per second, the median over the times between two reports.

    Neither the start before the first report nor a pause after an interruption counts; validations
    do. None for fewer than two reports.
    """
    times, steps = (
        np.array([report[place] for report in record.history], float) for place in (0, 1)
    )
    passed = np.diff(times)
    rates = np.diff(steps)[passed > 0] / passed[passed > 0]
    return float(np.median(rates)) if len(rates) else None


def points_of(
    records: Mapping[int, Sequence[TrialRecord]], axes: Axes, sizes: Sizes, error: str
) -> tuple[Point, ...]:
    """One point per combination of workers, width and fraction.

    Args:
        records: The trials of each number of workers.
        error: How the error is computed from the score, as `error_of` returns it.
    """
    return tuple(
        _point(records, axes, sizes, error, workers, width, fraction)
        for workers in axes.workers
        for width in axes.widths
        for fraction in axes.fractions
    )


def _point(
    records: Mapping[int, Sequence[TrialRecord]],
    axes: Axes,
    sizes: Sizes,
    error: str,
    workers: int,
    width: Scalar,
    fraction: float,
) -> Point:
    place = axes.at(fraction, width)
    own = _by_seed(records[workers], place)
    completed = [
        record for record in own.values() if record.state == "completed" and is_number(record.score)
    ]
    scores = [float(record.score or 0.0) for record in completed]
    rates, base = _rates(own), _rates(_by_seed(records[axes.workers[0]], place))
    speed_ups = [rate / base[seed] for seed, rate in rates.items() if seed in base]
    times_workers = workers / axes.workers[0]
    return Point(
        workers=workers,
        width=width,
        fraction=fraction,
        samples=sizes.samples[fraction],
        learnt=sizes.learnt[width],
        completed=len(completed),
        failed=len(own) - len(completed),
        score=_over(scores),
        error=_over([_error(score, error) for score in scores]),
        steps_per_s=_over(list(rates.values())),
        samples_per_s=_over([sizes.batch * rate for rate in rates.values()]),
        speed_up=_over(speed_ups),
        efficiency=_over([speed_up / times_workers for speed_up in speed_ups]),
    )


def _by_seed(records: Sequence[TrialRecord], place: Mapping[str, Scalar]) -> BySeed:
    """The trials of one point by seed."""
    return {
        cast(int, record.params[SEED]): record
        for record in records
        if all(record.params.get(path) == value for path, value in place.items())
    }


def _rates(records: BySeed) -> dict[int, float]:
    rates = {
        seed: steps_per_second(record)
        for seed, record in records.items()
        if record.state == "completed"
    }
    return {seed: rate for seed, rate in rates.items() if rate is not None}


def _error(score: float, error: str) -> float:
    return 1 - score if error.startswith("1 - ") else -score if error.startswith("-") else score


def _over(values: Sequence[float]) -> OverSeeds | None:
    return OverSeeds.of(values) if values else None
