"""Whether numbers vary: one relative threshold for labels, targets, scales of units and R2.

Equal numbers do not stay equal: the mean of many times 0.3 is not exactly 0.3, and smoothing a
constant changes its last digits. So a comparison with exact zero takes rounding for a signal.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from raylab.data.session import Label

# By the bytes of a number: the largest share of a constant's size that rounding makes of it.
RELATIVE = {2: 1e-2, 4: 1e-6, 8: 1e-12}
# By the bytes of a number: the smallest difference that can be worked with. Its square is the
# smallest variance that float64 holds; float32 holds scales of units.
LEAST = {2: 1e-6, 4: 1e-37, 8: 1e-150}


def relative_rounding(dtype: np.dtype | type) -> float:
    """The largest share of a constant's size that rounding makes of it, by the type of numbers."""
    return RELATIVE[min(np.dtype(dtype).itemsize, 8)]


def beyond_rounding(
    spread: np.ndarray, size: np.ndarray | float, dtype: np.dtype | type = np.float64
) -> np.ndarray:
    """Whether a spread is more than rounding makes of a constant.

    Args:
        spread: Range or standard deviation of values.
        size: How large the values themselves are.
        dtype: The floating-point type that the values have had.
    """
    least = LEAST[min(np.dtype(dtype).itemsize, 8)]
    return np.asarray((spread > relative_rounding(dtype) * np.abs(size)) & (spread > least))


def varying(values: np.ndarray, size: np.ndarray | float | None = None) -> np.ndarray:
    """(n, ...) values -> bool of shape (...): which columns have more than one value.

    Args:
        size: How large the values are in general; default: the largest of each column.
    """
    if not len(values):
        return np.zeros(values.shape[1:], bool)
    low, high = values.min(axis=0), values.max(axis=0)
    if values.dtype.kind != "f":
        return np.asarray(low != high)
    largest = np.maximum(np.abs(low), np.abs(high))
    return beyond_rounding(high - low, largest if size is None else size, values.dtype)


def columns_varying(label: Label, size: float | None = None) -> np.ndarray:
    """(D,) which columns of a label have more than one value among its labelled samples; (1,) of a
    discrete label. An angle is compared on the circle, where 0 and 2 pi are one value.

    Args:
        size: As of `varying`, of continuous labels.
    """
    values = label.values[label.labelled]
    if label.kind == "discrete":
        return varying(values)[None]
    if label.kind == "circular":
        return np.asarray(varying(np.cos(values), 1.0) | varying(np.sin(values), 1.0))
    return varying(values, size)


def label_varies(label: Label) -> bool:
    """Whether a label has more than one value among its labelled samples."""
    return bool(columns_varying(label).any())


def value_text(label: Label) -> str:
    """The first labelled value of a label as an error message shows it, such as `0.3 m`."""
    value = label.values[label.labelled][0]
    if label.kind == "discrete":
        return f"'{label.classes[value]}'" if value < len(label.classes) else str(int(value))
    numbers = ", ".join(_numbers(np.atleast_1d(value)))
    shown = numbers if len(np.atleast_1d(value)) == 1 else f"({numbers})"
    return f"{shown} {label.unit}".rstrip()


def _numbers(values: np.ndarray, most: int = 4) -> Iterator[str]:
    yield from (f"{value:.12g}" for value in values[:most])
    if len(values) > most:
        yield "..."
