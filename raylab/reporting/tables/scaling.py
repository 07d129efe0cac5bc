"""A scaling study as CSV, and a fitted law in a line."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import cast

from raylab.files import atomic_path
from raylab.reporting.score_files.common import ScoreJson, Spread
from raylab.reporting.score_files.scaling import Law, ScalingPoint, ScalingScore

_PLACE = ("workers", "width", "fraction", "samples", "learnt", "completed", "failed")
_MEASURED = ("score", "error", "steps_per_s", "samples_per_s", "speed_up", "efficiency")


def write_scaling_csv(path: Path, result: ScoreJson) -> None:
    """Write a row per point of a scaling study: where it lies, and each measure with its mean and
    the ends of its 95 % interval.
    """
    with atomic_path(path) as temporary, temporary.open("w", newline="") as file:
        rows = csv.writer(file)
        measures = [f"{name}{end}" for name in _MEASURED for end in ("", "_low", "_high")]
        rows.writerow([*_PLACE, *measures])
        for point in cast(ScalingScore, result)["points"]:
            rows.writerow(_cells(point))


def _cells(point: ScalingPoint) -> list[object]:
    cells: list[object] = [point.get(name) for name in _PLACE]
    for name in _MEASURED:
        spread = cast(Spread | None, point.get(name))
        low, high = (spread and spread["interval"]) or ("", "")
        cells += [spread["mean"] if spread else "", low, high]
    return cells


def law_text(law: ScoreJson | Law) -> str:
    """A fitted law in one line."""
    fit = cast(Law, law)
    if "refused" in fit:
        return f"no fit ({fit['refused'].partition(';')[0]})"
    interval = fit["intervals"]["b"] if fit["intervals"] else None
    within = f" ({interval[0]:.2g} ... {interval[1]:.2g})" if interval else ""
    rest = round(fit["c"], 4) + 0.0
    return f"{fit['a']:.3g} n^-{fit['b']:.2g}{within} {'-' if rest < 0 else '+'} {abs(rest):.3g}"
