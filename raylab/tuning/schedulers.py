"""The builders of schedulers, which decide after each validation whether a trial goes on.

A scheduler knows trials by raylab's ids and replays the ledger when a driver starts. After the
death of a driver, a trial is therefore compared with the same other trials as before.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from math import ceil

from ray.tune.schedulers import FIFOScheduler
from ray.tune.schedulers.trial_scheduler import TrialScheduler

from raylab.space.schedulers import (
    SCHEDULERS,
    AshaConfig,
    HyperbandConfig,
    MedianConfig,
    NoSchedulerConfig,
    SchedulerConfig,
    StoppingConfig,
)
from raylab.tracking.events import Event, TrialReported
from raylab.tracking.records import Mode
from raylab.tuning.job import TuneTrial
from raylab.tuning.outcome import RoundResult
from raylab.tuning.tune_private import Brackets, MedianRule


class EarlyStopping(FIFOScheduler):
    """A scheduler that stops trials. Subclasses implement `stops`.

    Args:
        mode: Whether larger or smaller values of the scheduler's metric are better.
    """

    def __init__(self, mode: Mode) -> None:
        super().__init__()
        self._sign = 1.0 if mode == "max" else -1.0

    def stops(self, trial: str, step: int, score: float) -> bool:
        """Whether a trial ends after this validation.

        Args:
            trial: Its id in the study, such as "0003".
            step: The training steps so far.
            score: The scheduler's metric, with its sign such that larger is better.
        """
        raise NotImplementedError

    def remember(self, trial: str, step: int, score: float) -> None:
        """Record a validation that needs no decision: of an earlier driver, or a trial's last."""
        self.stops(trial, step, score)

    def replay(self, events: Iterable[Event]) -> None:
        """Record the validations that a ledger holds."""
        for event in events:
            if isinstance(event, TrialReported) and event.rung is not None:
                self.remember(event.trial, event.step, self._sign * event.rung)

    def on_trial_result(
        self, tune_controller: object, trial: TuneTrial, result: RoundResult
    ) -> str:
        """Called by Tune."""
        stopped = "rung" in result and self.stops(*self._validation(trial, result))
        return str(TrialScheduler.STOP if stopped else TrialScheduler.CONTINUE)

    def on_trial_complete(
        self, tune_controller: object, trial: TuneTrial, result: RoundResult
    ) -> None:
        """Called by Tune."""
        if "rung" in result:
            self.remember(*self._validation(trial, result))

    def _validation(self, trial: TuneTrial, result: RoundResult) -> tuple[str, int, float]:
        return trial.config["job"]["trial"], result["steps"], self._sign * result["rung"]


def make_scheduler(
    config: SchedulerConfig,
    *,
    mode: Mode,
    max_steps: int,
    events: Iterable[Event] = (),
) -> TrialScheduler:
    """The scheduler of a search, in the state that it had after the last of the events.

    Args:
        mode: Whether larger or smaller values of the scheduler's metric are better.
        max_steps: The training steps of a trial that is not stopped.
        events: The ledger of the study.
    """
    if isinstance(config, StoppingConfig) and not config.can_stop(max_steps):
        return FIFOScheduler()
    scheduler = SCHEDULERS.builder(config)(config, mode=mode, max_steps=max_steps)
    assert isinstance(scheduler, TrialScheduler), f"{config.kind} does not build a scheduler"
    if isinstance(scheduler, EarlyStopping):
        scheduler.replay(events)
    return scheduler


def run_all(config: NoSchedulerConfig, *, mode: Mode, max_steps: int) -> TrialScheduler:
    return FIFOScheduler()


def asha(config: AshaConfig, *, mode: Mode, max_steps: int) -> TrialScheduler:
    return Halving(config, mode=mode, max_steps=max_steps, brackets=1)


def hyperband(config: HyperbandConfig, *, mode: Mode, max_steps: int) -> TrialScheduler:
    return Halving(config, mode=mode, max_steps=max_steps, brackets=config.brackets)


def median(config: MedianConfig, *, mode: Mode, max_steps: int) -> TrialScheduler:
    return Median(config, mode=mode)


class Halving(EarlyStopping):
    """Successive halving in one or several brackets. A trial's bracket follows from its id."""

    def __init__(
        self, config: AshaConfig | HyperbandConfig, *, mode: Mode, max_steps: int, brackets: int
    ) -> None:
        super().__init__(mode)
        self._max_steps = max_steps
        self._brackets = Brackets(
            grace_steps=config.grace_steps,
            max_steps=max_steps,
            reduction_factor=config.reduction_factor,
            count=brackets,
        )
        # Brackets get trials in the proportions that Hyperband gives them.
        factor = config.reduction_factor
        halvings = [len(rungs) for rungs in self._brackets.rungs]
        self._weights = [ceil((max(halvings) + 1) / (s + 1) * factor**s) for s in halvings]

    def stops(self, trial: str, step: int, score: float) -> bool:
        if step >= self._max_steps:
            return False  # the trial ends by itself
        return self._brackets.stops(self._bracket(trial), trial, step, score)

    def rungs(self, trial: str) -> list[int]:
        """The steps at which a trial is compared with others."""
        return self._brackets.rungs[self._bracket(trial)]

    def _bracket(self, trial: str) -> int:
        indices = range(len(self._weights))
        return random.Random(trial).choices(indices, weights=self._weights)[0]


class Median(EarlyStopping):
    """The rule of Google Vizier; see `MedianConfig`."""

    def __init__(self, config: MedianConfig, *, mode: Mode) -> None:
        super().__init__(mode)
        self._rule = MedianRule(grace_steps=config.grace_steps, least_trials=config.least_trials)

    def stops(self, trial: str, step: int, score: float) -> bool:
        return self._rule.stops(trial, step, score)

    def remember(self, trial: str, step: int, score: float) -> None:
        self._rule.record(trial, step, score)
