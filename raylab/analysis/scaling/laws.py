"""Laws fitted to the points of a scaling study."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from raylab.analysis.scaling.axes import Axes
from raylab.analysis.scaling.results import Curve, FittedLaw, Law, Laws, Point, RefusedLaw
from raylab.evaluation.metrics import find
from raylab.evaluation.power_law import fit_power_law
from raylab.space.parameters import Scalar
from raylab.tracking.records import Mode


def width_number(width: Scalar) -> float:
    """The width as a number: 8x16x32 is as wide as its widest layer."""
    return float(max(map(int, re.findall(r"\d+", str(width)))))


def error_of(metric: str, mode: Mode) -> tuple[str, float]:
    """(how the error is computed from the metric, the value that the error cannot be below)."""
    if mode == "min":
        return metric, 0.0
    known = find(metric)
    at_most_1 = known is not None and known.complement
    return (f"1 - {metric}", 0.0) if at_most_1 else (f"-{metric}", -np.inf)


def laws_of(points: Sequence[Point], axes: Axes, floor: float) -> Laws:
    """Laws over data for each width, and over width with most data.

    Only points of the fewest workers count, because more workers train the same models again.
    """
    first = [point for point in points if point.workers == axes.workers[0]]
    data = {}
    for width in axes.widths:
        own = [point for point in first if point.width == width]
        data[str(width)] = _law(own, [float(point.samples) for point in own], floor)
    if not axes.path:
        return Laws(data, None)
    most = [point for point in first if point.fraction == axes.fractions[-1]]
    return Laws(data, _law(most, [width_number(point.width) for point in most], floor))


def _law(points: Sequence[Point], sizes: Sequence[float], floor: float) -> Law:
    errors = [point.error.values if point.error else () for point in points]
    return law_from(fit_power_law(sizes, errors, floor=floor))


def law_from(fit: dict[str, Any]) -> Law:
    """What `fit_power_law` returns, as a result."""
    if "refused" in fit:
        return RefusedLaw(fit["refused"])
    return FittedLaw(**{**fit, "curve": Curve(**fit["curve"])})
