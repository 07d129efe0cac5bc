"""Checks of circular labels: whether their numbers are angles in the unit that is stated."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from raylab.data.checks.reading import Reading
from raylab.data.recipe_sections.label import LabelValues
from raylab.data.session import Label
from raylab.errors import DataError

TOLERANCE = 1.01  # files round angles
TURN = 2 * np.pi


def angles_in_their_unit(reading: Reading) -> Iterator[str]:
    """Degrees that are stated to be radians, or the other way round; angles beyond the circle."""
    for name, label in reading.session.labels.items():
        spec = reading.label_spec(name)
        if spec is not None and spec.time is None and spec.rate_hz is None:
            yield from doubtful_angles(name, label, spec)


def doubtful_angles(name: str, label: Label, spec: LabelValues) -> Iterator[str]:
    """The doubts about one label, as it is stored: interpolation folds angles onto the circle."""
    values = label.values[label.labelled] if label.kind == "circular" else np.array([])
    if not values.size or spec.period is not None:
        return
    if spec.unit == "deg":
        yield from _degrees(name, np.rad2deg(values))
    else:
        yield from _radians(name, values, label, is_stated=spec.unit == "rad")


def _degrees(name: str, values: np.ndarray) -> Iterator[str]:
    if np.abs(values).max() <= TURN * TOLERANCE:
        yield (
            f"Label '{name}' is in degrees and has values from {values.min():.3g} to "
            f"{values.max():.3g} only: are they radians?"
        )
    yield from _turns(name, values, 360.0, "degrees")


def _radians(name: str, values: np.ndarray, label: Label, *, is_stated: bool) -> Iterator[str]:
    beyond = max(np.abs(values).max(), np.ptp(values, axis=0).max()) > TURN * TOLERANCE
    if beyond and (_jumps(label) or not is_stated):
        raise DataError(
            f"`labels.{name}` is circular in radians, but has values from {values.min():.6g} to "
            f"{values.max():.6g}, beyond the circle of {TURN:.4g}",
            f"State `labels.{name}.unit: deg` for degrees, or `labels.{name}.period`, the value "
            "at which the circle begins anew (6.283185 for radians that count turns).",
        )
    low, high = values.min(), values.max()
    if low >= 0 and 0.9 < high <= 1 and high - low > 0.9:
        yield (
            f"Label '{name}' is in radians and has values from {low:.3g} to {high:.3g} only: if "
            f"1 is a whole turn, state `labels.{name}.period: 1`."
        )
    yield from _turns(name, values, TURN, "radians")


def _jumps(label: Label) -> bool:
    """Whether neighbouring samples are further apart than an angle in radians can move.

    An angle that counts turns moves by less than half a turn between two samples.
    """
    steps = np.abs(np.diff(label.values, axis=0))
    steps = steps[np.isfinite(steps)]
    return bool(steps.size and (steps > np.pi).mean() > 0.002)


def _turns(name: str, values: np.ndarray, turn: float, unit: str) -> Iterator[str]:
    """Angles that count turns: they are decoded as directions on the circle."""
    turns = float(np.ptp(values, axis=0).max()) / turn
    if turns > TOLERANCE:
        yield (
            f"Label '{name}' goes round the circle {turns:.3g} times, from {values.min():.4g} to "
            f"{values.max():.4g} {unit}; turns are not told apart."
        )
