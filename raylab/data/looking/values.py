"""What the values of an array look like, from a sample of bounded size."""

from __future__ import annotations

import numpy as np

from raylab.data.looking.item import Values
from raylab.data.readers.parts.clock.steps import Steps, steps_of

MOST = 2**18  # values of a sample
EXAMPLES, LETTERS = 8, 40
NARROW = 8  # columns of a table whose columns are judged one by one


def values_of(sample: np.ndarray, *, everything: bool = True) -> Values | None:
    """What `sample` looks like; None for values that are neither numbers nor text.

    Args:
        everything: False if the array has more values than the sample.
    """
    flat = _vector(np.asarray(sample))
    everything = everything and flat.size <= MOST
    flat = flat[:MOST]
    if flat.dtype.kind in "USO":
        return _of_text(flat, everything)
    if flat.dtype.kind not in "biuf" or flat.size == 0:
        return None
    return _of_numbers(flat, everything, ordered=max(sample.shape, default=1) == sample.size)


def columns_of(sample: np.ndarray, *, everything: bool = True) -> tuple[Values, ...]:
    """What each column of a narrow table looks like; of a table that lies on its side, each row."""
    if sample.ndim != 2 or not 1 < min(sample.shape) <= NARROW or sample.dtype.kind not in "biuf":
        return ()
    table = sample if sample.shape[1] == min(sample.shape) else sample.T
    columns = [values_of(column, everything=everything) for column in table.T]
    return tuple(values for values in columns if values is not None)


def type_name(dtype: np.dtype) -> str:
    """`float32`, `text`, `date` or `objects`."""
    kinds = {"U": "text", "S": "text", "O": "objects", "M": "date", "m": "date"}
    return kinds.get(dtype.kind, str(dtype))


def _vector(sample: np.ndarray) -> np.ndarray:
    return sample.reshape(-1)


def _of_text(cells: np.ndarray, everything: bool) -> Values:
    texts = [
        cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)
        for cell in cells
        if cell is not None and cell == cell
    ]
    texts = [text for text in texts if text]
    distinct = list(dict.fromkeys(texts))
    return Values(
        size=cells.size,
        all=everything,
        missing=round(1 - len(texts) / cells.size, 4) if cells.size else 0.0,
        distinct=len(distinct),
        examples=tuple(_short(text) for text in distinct[:EXAMPLES]),
    )


def _short(text: str) -> str:
    return text if len(text) <= LETTERS else f"{text[: LETTERS - 3]}..."


def _of_numbers(flat: np.ndarray, everything: bool, *, ordered: bool) -> Values:
    numbers = flat.astype(np.float64)
    finite = numbers[np.isfinite(numbers)]
    if not finite.size:
        return Values(size=flat.size, all=everything, missing=1.0)
    steps = np.diff(numbers) if ordered and flat.size > 1 else np.zeros(0)
    increasing = bool(steps.size) and bool((steps > 0).all())
    clock = steps_of(numbers)[:1] if increasing and np.isfinite(steps).all() else []
    step = clock[0].mean if clock else _median(steps)
    return Values(
        size=flat.size,
        all=everything,
        low=float(finite.min()),
        high=float(finite.max()),
        first=float(numbers[0]) if ordered and np.isfinite(numbers[0]) else None,
        last=float(numbers[-1]) if ordered and np.isfinite(numbers[-1]) else None,
        whole=bool((finite == np.round(finite)).all()),
        missing=round(1 - finite.size / flat.size, 4),
        distinct=len(np.unique(finite)),
        increasing=increasing,
        step=step,
        jitter=_jitter(clock[0], numbers) if clock else 0.0,
        steady=bool(
            increasing and step and np.allclose(steps, step, rtol=1e-3, atol=_rounding(flat))
        ),
    )


def _median(steps: np.ndarray) -> float | None:
    return float(np.median(steps)) if steps.size and np.isfinite(steps).all() else None


def _jitter(clock: Steps, stamps: np.ndarray) -> float:
    """The share of steps that are neither near the mean step nor pauses, beyond rounding."""
    return round(float(np.mean(clock.jitter(stamps) > 0.2)), 4)


def _rounding(flat: np.ndarray) -> float:
    """Twice the rounding unit of the largest value."""
    if flat.dtype.kind != "f":
        return 0.0
    largest = np.nanmax(np.abs(flat[np.isfinite(flat)]))
    return 2 * float(np.spacing(largest.astype(flat.dtype)))
