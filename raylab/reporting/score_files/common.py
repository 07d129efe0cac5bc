"""What the score files have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

# A score as it is read from JSON, before its kind is known.
ScoreJson = Mapping[str, Any]
Scores = dict[str, dict[str, float | None]]  # label -> metric -> value


class Spread(TypedDict):
    """A mean over seeds; `interval` is its 95 % interval, None for a single seed."""

    mean: float
    interval: list[float] | None
    values: list[float]
