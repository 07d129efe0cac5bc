"""A score over seeds: mean and interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import stdtrit  # scipy.stats would take half a second more to import


def over_seeds(values: Sequence[float]) -> dict[str, Any]:
    """{"mean", "interval": 95 % by Student's t, None of one seed, "values"}."""
    mean, count = float(np.mean(values)), len(values)
    interval = None
    if count > 1:
        half = float(stdtrit(count - 1, 0.975)) * standard_error(values)
        interval = [mean - half, mean + half]
    return {"mean": mean, "interval": interval, "values": [float(value) for value in values]}


def standard_error(values: Sequence[float]) -> float:
    """Of the mean of two or more values."""
    return float(np.std(values, ddof=1) / np.sqrt(len(values)))
