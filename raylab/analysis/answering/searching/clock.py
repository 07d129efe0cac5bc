"""The time of an answer: what is left of its budget, over all of its drivers."""

from __future__ import annotations

import time
from collections.abc import Callable

GRACE = 0.03  # of the budget: how long a job may still run when the time of its phase is over


class Clock:
    """Counts the seconds of a budget.

    Args:
        minutes: The budget.
        worked_s: Seconds that were used before this clock began, such as by earlier drivers.
        now: Gives the time in seconds.
    """

    def __init__(
        self,
        minutes: float,
        *,
        worked_s: float = 0.0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.budget_s = 60 * minutes
        self.now = now
        self._end = now() - worked_s + self.budget_s

    @property
    def left_s(self) -> float:
        """Seconds until the budget is used up; negative after that."""
        return self._end - self.now()

    @property
    def grace_s(self) -> float:
        return GRACE * self.budget_s
