"""All uses of Ray Tune's private attributes: the stopping rules inside its schedulers.

Tune's schedulers know trials by ids of Tune, which change with every driver. Here the rules are
asked with raylab's ids, and scores are larger where they are better.

tests/unit/tuning/test_tune_private.py fails when a new version of Ray changes one of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from ray.tune.schedulers import AsyncHyperBandScheduler, MedianStoppingRule
from ray.tune.schedulers.trial_scheduler import TrialScheduler


@dataclass(frozen=True)
class _Trial:
    """What Tune's rules need of a trial: its id."""

    trial_id: str


class Brackets:
    """The brackets of Tune's AsyncHyperBandScheduler, each with its own first rung."""

    def __init__(
        self, *, grace_steps: int, max_steps: int, reduction_factor: int, count: int
    ) -> None:
        scheduler = AsyncHyperBandScheduler(
            grace_period=grace_steps,
            max_t=max_steps,
            reduction_factor=reduction_factor,
            brackets=count,
        )
        self._brackets = scheduler._brackets

    @property
    def rungs(self) -> list[list[int]]:
        """The steps of each bracket's rungs, ascending."""
        return [sorted(milestone for milestone, _ in bracket._rungs) for bracket in self._brackets]

    def stops(self, bracket: int, trial: str, step: int, score: float) -> bool:
        """Record the score of a trial; whether it is stopped."""
        verdict = self._brackets[bracket].on_result(_Trial(trial), step, score)
        return bool(verdict == TrialScheduler.STOP)


class MedianRule:
    """The rule of Tune's MedianStoppingRule."""

    def __init__(self, *, grace_steps: int, least_trials: int) -> None:
        self._rule = _NeverPausing(
            time_attr="steps",
            metric="rung",
            mode="max",
            grace_period=grace_steps,
            min_samples_required=least_trials,
        )

    def stops(self, trial: str, step: int, score: float) -> bool:
        """Record the score of a trial; whether it is stopped."""
        result = {"steps": step, "rung": score}
        return self._rule.on_trial_result(None, _Trial(trial), result) == TrialScheduler.STOP

    def record(self, trial: str, step: int, score: float) -> None:
        """Record a score without a verdict."""
        self._rule._results[_Trial(trial)].append({"steps": step, "rung": score})


class _NeverPausing(MedianStoppingRule):
    def _on_insufficient_samples(self, tune_controller: object, trial: object, time: float) -> str:
        """Let the trial go on. Tune would pause it to run others, which only costs a start."""
        return str(TrialScheduler.CONTINUE)
