"""What happens to NaN in the activity: the recipe states a rule."""

from __future__ import annotations

import numpy as np

from raylab.data.recipe_sections.activity import NeuralSpec
from raylab.errors import DataError


def without_nan(
    neural: np.ndarray, units: dict[str, np.ndarray], segments: np.ndarray, spec: NeuralSpec | None
) -> tuple[np.ndarray, dict[str, np.ndarray], list[str]]:
    """Apply the recipe's rule `neural.nan`.

    Args:
        neural: (T, N) float32.
        units: (N, ...) columns by name.
        segments: (S, 2) sample ranges that are continuous in time.
        spec: States the rule. None, and the rule `error`, leave NaN for `Session.check`.

    Returns:
        The activity and columns of the units that are kept, and notes on what was changed or
        dropped.
    """
    bad = ~np.isfinite(neural)
    for name, column in units.items():
        if len(column) != neural.shape[1]:
            raise DataError(
                f"`units.{name}` has {len(column)} rows, the session {neural.shape[1]} units",
                f"Check `units.{name}` and `neural.layout`.",
            )
    if spec is None or spec.nan == "error" or not bad.any():
        return neural, units, []
    if spec.nan == "zero":
        return np.where(bad, np.float32(0), neural), units, [f"{bad.sum()} NaN values became zero."]
    keep = ~bad.any(0)
    notes = []
    if spec.nan == "interpolate":
        # Only inside a segment: a value from before a pause says nothing about the time after it.
        keep = np.array(
            [all(not bad[a:b, unit].all() for a, b in segments) for unit in range(neural.shape[1])]
        )
        neural = neural.copy()
        for unit in np.flatnonzero(keep & bad.any(0)):
            _interpolate(neural[:, unit], bad[:, unit], segments)
        notes.append(f"{bad[:, keep].sum()} NaN values were interpolated.")
    if not keep.all():
        notes.append(f"{(~keep).sum()} units with NaN values were dropped.")
    return neural[:, keep], {name: column[keep] for name, column in units.items()}, notes


def _interpolate(trace: np.ndarray, bad: np.ndarray, segments: np.ndarray) -> None:
    for start, stop in segments:
        part, gaps = trace[start:stop], bad[start:stop]
        index = np.arange(stop - start)
        part[gaps] = np.interp(index[gaps], index[~gaps], part[~gaps])
