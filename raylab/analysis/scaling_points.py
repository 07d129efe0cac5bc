"""From the records of a scaling study to its tables: scores, speeds, efficiency and fitted laws.
Pure functions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from raylab.analysis.repeated import SEED
from raylab.evaluation.metrics import find
from raylab.evaluation.power_law import fit_power_law
from raylab.evaluation.seeds import over_seeds
from raylab.space.parameters import Scalar
from raylab.tracking.records import Mode, TrialRecord, is_number

FRACTION = "sessions.training_fraction"


@dataclass(frozen=True)
class Axes:
    """What varies.

    Attributes:
        path: Of the width; None where only the config's own is trained.
        workers: Ascending; speed-up is against the first.
    """

    fractions: tuple[float, ...]
    path: str | None
    widths: tuple[Scalar, ...]
    workers: tuple[int, ...]
    seeds: int

    def searched(self) -> dict[str, tuple[Scalar, ...]]:
        """Config paths and their values; how many workers there are is no part of a config."""
        return {FRACTION: self.fractions, **({self.path: self.widths} if self.path else {})}

    def at(self, fraction: float, width: Scalar) -> dict[str, Scalar]:
        """The searched paths of one point, without the seed."""
        return {FRACTION: fraction, **({self.path: width} if self.path else {})}


@dataclass(frozen=True)
class Sizes:
    """What a point's place on the axes means.

    Attributes:
        samples: Training samples of each fraction, over the sessions.
        learnt: Numbers that a model of each width learns.
        batch: Samples (windows, examples) a step, over the sessions.
    """

    samples: Mapping[float, int]
    learnt: Mapping[Scalar, int]
    batch: int


def width_number(width: Scalar) -> float:
    """8x16x32 is as wide as its widest layer."""
    return float(max(map(int, re.findall(r"\d+", str(width)))))


def error_of(metric: str, mode: Mode) -> tuple[str, float]:
    """(what the fitted error is of the metric, what it cannot be below)."""
    if mode == "min":
        return metric, 0.0
    known = find(metric)
    at_most_1 = known is not None and known.complement
    return (f"1 - {metric}", 0.0) if at_most_1 else (f"-{metric}", -np.inf)


def steps_per_second(record: TrialRecord) -> float | None:
    """The median over the times between two reports, so that neither the start before the first nor
    a pause where a trial was interrupted counts; validations do. None of fewer than two reports.
    """
    times, steps = (
        np.array([report[place] for report in record.history], float) for place in (0, 1)
    )
    passed = np.diff(times)
    rates = np.diff(steps)[passed > 0] / passed[passed > 0]
    return float(np.median(rates)) if len(rates) else None


def points(
    found: Mapping[int, Sequence[TrialRecord]], axes: Axes, sizes: Sizes, error: str
) -> list[dict[str, Any]]:
    """One entry a combination of workers, width and fraction.

    Args:
        found: The trials of each number of workers.
        error: As `error_of` says it.

    Returns:
        {"workers", "width", "fraction", "samples", "learnt", "completed", "failed", and of the
        completed trials "score", "error", "steps_per_s", "samples_per_s", "speed_up", "efficiency":
        as `over_seeds`, None without any}. Speed-up compares trials of one seed; efficiency is the
        speed-up over how many times as many workers there are.
    """
    listed = []
    for workers in axes.workers:
        for width in axes.widths:
            for fraction in axes.fractions:
                own = _of_point(found[workers], axes.at(fraction, width))
                first = _of_point(found[axes.workers[0]], axes.at(fraction, width))
                place = {"workers": workers, "width": width, "fraction": fraction}
                size = {"samples": sizes.samples[fraction], "learnt": sizes.learnt[width]}
                more = workers / axes.workers[0]
                listed.append({**place, **size, **_measured(own, first, more, sizes.batch, error)})
    return listed


def laws(listed: Sequence[Mapping[str, Any]], axes: Axes, floor: float) -> dict[str, Any]:
    """{"data": {width: law}, "width": law at most data, None where width is no axis}: of the fewest
    workers, since more of them train the same models again.
    """
    first = [point for point in listed if point["workers"] == axes.workers[0]]
    by_width = {
        str(width): _law([point for point in first if point["width"] == width], "samples", floor)
        for width in axes.widths
    }
    most = (
        [
            {**point, "size": width_number(point["width"])}
            for point in first
            if point["fraction"] == axes.fractions[-1]
        ]
        if axes.path
        else []
    )
    return {"data": by_width, "width": _law(most, "size", floor) if axes.path else None}


def _law(listed: Sequence[Mapping[str, Any]], size: str, floor: float) -> dict[str, Any]:
    errors = [point["error"]["values"] if point["error"] else [] for point in listed]
    return fit_power_law([float(point[size]) for point in listed], errors, floor=floor)


def _of_point(found: Sequence[TrialRecord], params: Mapping[str, Scalar]) -> dict[int, TrialRecord]:
    """The trials of one point by seed."""
    return {
        int(record.params[SEED]): record
        for record in found
        if all(record.params.get(path) == value for path, value in params.items())
    }


def _measured(
    own: Mapping[int, TrialRecord],
    first: Mapping[int, TrialRecord],
    more: float,
    batch: int,
    error: str,
) -> dict[str, Any]:
    completed = [one for one in own.values() if one.state == "completed" and is_number(one.score)]
    scores = [float(one.score or 0.0) for one in completed]
    rates = _rates(own)
    base = _rates(first)
    speed_ups = [rate / base[seed] for seed, rate in rates.items() if seed in base]
    return {
        "completed": len(completed),
        "failed": len(own) - len(completed),
        "score": _over(scores),
        "error": _over([_error(score, error) for score in scores]),
        "steps_per_s": _over(list(rates.values())),
        "samples_per_s": _over([batch * rate for rate in rates.values()]),
        "speed_up": _over(speed_ups),
        "efficiency": _over([one / more for one in speed_ups]),
    }


def _rates(found: Mapping[int, TrialRecord]) -> dict[int, float]:
    rates = {seed: steps_per_second(one) for seed, one in found.items() if one.state == "completed"}
    return {seed: rate for seed, rate in rates.items() if rate is not None}


def _error(score: float, error: str) -> float:
    return 1 - score if error.startswith("1 - ") else -score if error.startswith("-") else score


def _over(values: Sequence[float]) -> dict[str, Any] | None:
    return over_seeds(values) if values else None
