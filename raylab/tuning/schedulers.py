"""What stops trials early: Ray Tune's schedulers, by the metric that a trial's results carry as
`rung`.

They know trials by raylab's ids, and are told again what the ledger holds: after a driver's death a
trial is compared with the same others as before.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from ray.tune.schedulers import AsyncHyperBandScheduler, FIFOScheduler, MedianStoppingRule
from ray.tune.schedulers.trial_scheduler import TrialScheduler

from raylab.space.settings import Scheduler
from raylab.tracking.events import Event, TrialReported
from raylab.tracking.records import Mode


def make_scheduler(
    config: Scheduler, *, mode: Mode, steps: int, events: Iterable[Event] = ()
) -> TrialScheduler:
    """The scheduler of a search whose trials train so many steps, as it was when the last of the
    events was written.

    asha: Li et al. 2020 (arXiv:1810.05934). hyperband: the brackets of Li et al. 2018
    (arXiv:1603.06560), each run as asha runs its one. median: Golovin et al. 2017 (Google Vizier),
    section 3.2.2: a trial stops whose best value is worse than the median of the others' running
    means.
    """
    if config.kind == "none" or config.grace_steps >= steps:
        return FIFOScheduler()
    how: dict[str, Any] = {
        "time_attr": "steps",
        "metric": "rung",
        "mode": mode,
        "grace_period": config.grace_steps,
    }
    scheduler: _Median | _Halving
    if config.kind == "median":
        scheduler = _Median(**how, min_samples_required=config.least_trials)
    else:
        brackets = config.brackets if config.kind == "hyperband" else 1
        scheduler = _Halving(
            **how, max_t=steps, reduction_factor=config.reduction_factor, brackets=brackets
        )
    for event in events:
        if isinstance(event, TrialReported) and event.rung is not None:
            scheduler.remember(event.trial, {"steps": event.step, "rung": event.rung})
    return scheduler


@dataclass(frozen=True)
class _Named:
    """A trial by raylab's id: Tune's own changes with every driver."""

    trial_id: str


class _Halving(AsyncHyperBandScheduler):
    """One bracket or several. Which one a trial is in follows from its id."""

    def remember(self, trial: str, result: Mapping[str, Any]) -> None:
        self.hear(trial, result)

    def hear(self, trial: str, result: Mapping[str, Any]) -> str:
        if result["steps"] >= self._max_t:
            return str(TrialScheduler.CONTINUE)  # it ends by itself
        value = self._metric_op * result["rung"]
        return str(self._bracket(trial).on_result(_Named(trial), result["steps"], value))

    def _bracket(self, trial: str) -> Any:
        """Brackets get trials in the numbers that Hyperband would give them."""
        halvings = [len(bracket._rungs) for bracket in self._brackets]
        sizes = [ceil((max(halvings) + 1) / (s + 1) * self._reduction_factor**s) for s in halvings]
        return random.Random(trial).choices(self._brackets, weights=sizes)[0]

    def on_trial_add(self, tune_controller: Any, trial: Any) -> None:
        """Nothing to remember: see `_bracket`."""

    on_trial_remove = on_trial_add

    def on_trial_result(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> str:
        return (
            self.hear(trial.config["job"]["trial"], result)
            if "rung" in result
            else str(TrialScheduler.CONTINUE)
        )

    def on_trial_complete(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> None:
        self.on_trial_result(tune_controller, trial, result)


class _Median(MedianStoppingRule):
    def remember(self, trial: str, result: Mapping[str, Any]) -> None:
        self._results[_Named(trial)].append(dict(result))

    def on_trial_result(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> str:
        if "rung" not in result:
            return str(TrialScheduler.CONTINUE)
        return str(
            super().on_trial_result(tune_controller, _Named(trial.config["job"]["trial"]), result)
        )

    def on_trial_complete(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> None:
        if "rung" in result:
            self.remember(trial.config["job"]["trial"], result)

    def _on_insufficient_samples(self, tune_controller: Any, trial: Any, time: float) -> str:
        """Tune would pause it to give others their turn, which only ever costs a start."""
        return str(TrialScheduler.CONTINUE)
