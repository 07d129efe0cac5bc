"""The scheduler of a driver, which also ends trials that a user stops or pauses."""

from __future__ import annotations

from typing import Any

from ray.tune.schedulers import FIFOScheduler
from ray.tune.schedulers.trial_scheduler import TrialScheduler

from raylab.tuning.control import Control
from raylab.tuning.job import TuneTrial
from raylab.tuning.outcome import RoundResult


class Steered(TrialScheduler):
    """A scheduler of Tune whose verdict counts first, and then what users asked for.

    A trial that trains another one further is not compared with others: the user wants it trained.

    Args:
        scheduler: Default: one that runs every trial to its end.
    """

    def __init__(self, scheduler: TrialScheduler | None, control: Control) -> None:
        super().__init__()
        self._scheduler: TrialScheduler = scheduler or FIFOScheduler()
        self._control = control

    @property
    def metric(self) -> str | None:
        return self._scheduler.metric

    @property
    def supports_buffered_results(self) -> bool:
        return bool(self._scheduler.supports_buffered_results)

    def set_search_properties(self, metric: str | None, mode: str | None, **spec: Any) -> bool:
        return bool(self._scheduler.set_search_properties(metric, mode, **spec))

    def on_trial_add(self, tune_controller: object, trial: TuneTrial) -> None:
        self._scheduler.on_trial_add(tune_controller, trial)

    def on_trial_error(self, tune_controller: object, trial: TuneTrial) -> None:
        self._scheduler.on_trial_error(tune_controller, trial)

    def on_trial_result(
        self, tune_controller: object, trial: TuneTrial, result: RoundResult
    ) -> str:
        """Called by Tune after a validation that does not end the trial by itself."""
        name, verdict = trial.config["job"]["trial"], TrialScheduler.CONTINUE
        if not trains_further(trial):
            verdict = self._scheduler.on_trial_result(tune_controller, trial, result)
        if verdict == TrialScheduler.STOP or name in self._control.trials:
            return TrialScheduler.STOP
        if self._control.paused:
            self._control.aside.add(name)
            return TrialScheduler.STOP
        return str(verdict)

    def on_trial_complete(
        self, tune_controller: object, trial: TuneTrial, result: RoundResult
    ) -> None:
        aside = trial.config["job"]["trial"] in self._control.aside
        if not aside and not trains_further(trial):
            self._scheduler.on_trial_complete(tune_controller, trial, result)

    def on_trial_remove(self, tune_controller: object, trial: TuneTrial) -> None:
        self._scheduler.on_trial_remove(tune_controller, trial)

    def choose_trial_to_run(self, tune_controller: object) -> object:
        return self._scheduler.choose_trial_to_run(tune_controller)

    def debug_string(self) -> str:
        return str(self._scheduler.debug_string())

    def __getstate__(self) -> dict[str, object]:
        """Nothing: Tune pickles its scheduler for snapshots, which raylab never restores."""
        return {}


def trains_further(trial: TuneTrial) -> bool:
    """Whether a trial began from the weights of another one; see `TrialStarted.origin_step`."""
    return trial.config.get("origin_step") is not None
