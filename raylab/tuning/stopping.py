"""Why a search begins no further trial before all are drawn: time, a good score, a plateau."""

from __future__ import annotations

import time
from collections.abc import Iterable

from raylab.space.settings import Budget
from raylab.tracking.events import ENDED
from raylab.tracking.records import Mode, TrialRecord, is_number
from raylab.tuning.outcome import Outcome


class Stopping:
    """The limits of a budget besides `trials`, applied to the trials that have ended.

    Args:
        mode: Whether larger or smaller values of the first objective are better.
        known: The trials of earlier drivers of the study.
        worked_s: How long these drivers ran, in seconds.
        drawn_on: When an extension gave the search more trials, in unix seconds. A plateau is
            counted from then on.
    """

    def __init__(
        self,
        budget: Budget,
        mode: Mode,
        *,
        known: Iterable[TrialRecord] = (),
        worked_s: float = 0.0,
        drawn_on: float = 0.0,
    ) -> None:
        self._budget, self._sign = budget, 1.0 if mode == "max" else -1.0
        self._began = time.monotonic() - worked_s
        self._best: float | None = None
        self._since = 0
        for record in sorted(known, key=lambda record: record.ended or 0.0):
            if record.state in ENDED:
                self._note(record.state, record.score)
                self._since = self._since if (record.ended or 0.0) > drawn_on else 0

    def ended(self, outcome: Outcome) -> None:
        self._note(outcome.state, outcome.score)

    def extend(self, budget: Budget) -> None:
        """Go on with the budget of an extended search."""
        more = budget.trials > self._budget.trials
        self._budget, self._since = budget, 0 if more else self._since

    @property
    def hours_used(self) -> bool:
        """Whether drivers have worked for `budget.hours`."""
        hours = self._budget.hours
        return hours is not None and time.monotonic() - self._began >= 3600 * hours

    @property
    def target_reached(self) -> bool:
        """Whether a trial has reached `budget.target`."""
        target, best = self._budget.target, self._best
        return target is not None and best is not None and best >= self._sign * target

    def reason(self) -> str | None:
        """Why no further trial begins; None if one may."""
        budget = self._budget
        if self.hours_used:
            return f"budget.hours {budget.hours:g} are used"
        if self.target_reached:
            return f"budget.target {budget.target:g} is reached"
        if budget.plateau is not None and self._best is not None and self._since >= budget.plateau:
            return f"budget.plateau: the last {self._since} trials did not improve the best"
        return None

    def _note(self, state: str, score: float | None) -> None:
        """Count a trial. A pruned trial counts for the plateau, but cannot be the best."""
        self._since += 1
        if state == "completed" and score is not None and is_number(score):
            score = self._sign * score
            if self._best is None or score > self._best:
                self._best, self._since = score, 0
