"""Sampled activity on its clock, before it becomes a Session."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Activity:
    """Sampled activity on its clock.

    Attributes:
        neural: (T, N) float32, NaN allowed.
        time: (T,) seconds.
        rate_hz: Nominal sampling rate.
        segments: (S, 2) sample ranges that are continuous in time.
        rows: (T,) the row of a per-trial label that holds for each sample; None where labels are
            per sample.
        unit_columns: (N, ...) by name, such as `id`.
        notes: What was changed or dropped, one sentence each.
    """

    neural: np.ndarray
    time: np.ndarray
    rate_hz: float
    segments: np.ndarray
    rows: np.ndarray | None = None
    unit_columns: dict[str, np.ndarray] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
