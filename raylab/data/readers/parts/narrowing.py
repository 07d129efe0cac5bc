"""Activity as float32, checked to hold what the file does."""

from __future__ import annotations

import numpy as np

from raylab.errors import DataError

EXACT = 2**24  # float32 holds all whole numbers up to here
LOSS = 0.01  # of a unit's variation: rounding beyond it is visible
NO_VARIATION = 1e-12  # of the largest value: what float64 leaves of a constant
BLOCK = 64  # units looked at together


def narrowed(array: np.ndarray, kind: str) -> np.ndarray:
    """(T, N) numbers as float32; masked values are NaN.

    Raises:
        DataError: Values are too large for float32, or lie on an offset so large that float32
            loses how they vary.
    """
    if np.ma.isMaskedArray(array):
        array = np.ma.filled(array.astype(np.float64), np.nan)
    with np.errstate(over="ignore"):
        narrow = np.ascontiguousarray(array, np.float32)
    if array.dtype.kind in "iu" and array.dtype.itemsize <= 2:
        return narrow
    if array.dtype.kind == "b" or (array.dtype.kind == "f" and array.dtype.itemsize <= 4):
        return narrow
    for start in range(0, narrow.shape[1], BLOCK):
        _check(array[:, start : start + BLOCK], start, kind)
    return narrow


def _check(block: np.ndarray, start: int, kind: str) -> None:
    values = block.astype(np.float64, copy=False)
    high, low = _bounds(values)
    largest = np.maximum(np.abs(high), np.abs(low))
    unit = int(largest.argmax()) if len(largest) else 0
    if (largest > np.finfo(np.float32).max).any():
        raise DataError(
            f"`neural.path`: unit {start + unit} goes to {largest[unit]:g}, beyond what raylab "
            "holds (float32)",
            "Check the values, or scale them.",
        )
    if kind == "counts" and (largest > EXACT).any():
        raise DataError(
            f"`neural.path`: unit {start + unit} has a count of {largest[unit]:.0f}, beyond what "
            "raylab holds exactly (2^24)",
            "Check `neural.path` and `neural.kind`.",
        )
    rounding = np.spacing(largest.astype(np.float32)).astype(np.float64)
    if block.dtype.kind in "iu" and len(block):  # subtracted as whole numbers, which are exact
        values = (block - block.min(0)).astype(np.float64)
        high, low = _bounds(values)
    extent = high - low
    least = 0.0 if block.dtype.kind in "iu" else NO_VARIATION * largest
    for unit in map(int, np.flatnonzero((extent > least) & (rounding > LOSS / 100 * extent))):
        trace = values[:, unit]
        spread = float(np.std(trace[np.isfinite(trace)]))
        if rounding[unit] > LOSS * spread:
            raise DataError(
                f"`neural.path`: unit {start + unit} varies by {spread:.3g} around "
                f"{largest[unit]:.6g}; as float32 it would lose this",
                "Subtract the offset of each unit before you store the file.",
            )


def _bounds(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(N,) the largest and the smallest finite value of each unit; 0 where there is none."""
    finite = np.isfinite(values)
    if finite.all() and len(values):
        return values.max(0), values.min(0)
    high = np.where(finite, values, -np.inf).max(0, initial=-np.inf)
    low = np.where(finite, values, np.inf).min(0, initial=np.inf)
    measured = finite.any(0)
    return np.where(measured, high, 0.0), np.where(measured, low, 0.0)
