"""Means with error bars."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from raylab.reporting.score_files.common import Spread


def means_and_bars(spreads: Sequence[Spread]) -> tuple[np.ndarray, np.ndarray]:
    """(n,) means, and (2, n) their distances from the ends of the intervals; 0 without one."""
    means = np.array([spread["mean"] for spread in spreads])
    ends = [spread["interval"] or [spread["mean"]] * 2 for spread in spreads]
    return means, np.abs(np.array(ends).reshape(-1, 2).T - means)
