"""Checks the clock of a label against that of the activity."""

from __future__ import annotations

import numpy as np

from raylab.errors import DataError

FACTORS = (1e3, 1e6, 1e9, 60.0)  # between units of time
LONG = 50  # times the recording
AGREE = 0.05  # of the recording: so far apart may two clocks begin and end


def refuse_scaled_clock(stamps: np.ndarray, time: np.ndarray, key: str) -> None:
    """Raise a DataError where a label's clock is that of the activity in another unit.

    Args:
        stamps, time: Seconds, of the label and of the activity.
        key: Of the label in the recipe.
    """
    finite = stamps[np.isfinite(stamps)]
    if len(finite) < 2 or len(time) < 2:
        return
    span, own = (
        np.array([finite.min(), finite.max()]),
        np.array([time[0], time[-1]], np.float64),
    )
    if _agree(span, own):
        return
    for factor in (*FACTORS, *(1 / factor for factor in FACTORS)):
        if _agree(span / factor, own):
            ratio = f"{factor:g}" if factor > 1 else f"1/{1 / factor:g}"
            raise DataError(
                f"the clock of `{key}` goes from {span[0]:g} to {span[1]:g} s, the recording from "
                f"{own[0]:g} to {own[1]:g} s: {ratio} times as long",
                f"One of the two is in another unit: state `{key}.time_unit` or `time.unit`.",
            )


def long_clock_notes(stamps: np.ndarray, time: np.ndarray, key: str) -> list[str]:
    """A note where a label lasts so much longer than the recording that a unit may be wrong."""
    finite = stamps[np.isfinite(stamps)]
    if len(finite) < 2 or len(time) < 2:
        return []
    ratio = float(np.ptp(finite)) / float(time[-1] - time[0])
    if ratio < LONG:
        return []
    return [
        f"The clock of `{key}` lasts {ratio:.3g} times as long as the recording: check "
        f"`{key}.time_unit` and `time.unit`."
    ]


def _agree(span: np.ndarray, own: np.ndarray) -> bool:
    return bool((np.abs(span - own) <= AGREE * (own[1] - own[0])).all())
