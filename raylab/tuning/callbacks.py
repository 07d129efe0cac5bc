"""What Ray Tune reports, written to the ledger. The driver is the only writer of the ledger."""

from __future__ import annotations

import time
from collections.abc import Callable

from ray.tune import Callback

from raylab.tracking.events import BY_USER, TrialEnded, TrialLost, TrialReported, TrialStarted
from raylab.tracking.ledger import Ledger
from raylab.tuning.control import Control, StudyStopped
from raylab.tuning.job import TuneTrial
from raylab.tuning.outcome import OnEnd, Outcome, RoundResult, is_between, outcome


class LedgerCallback(Callback):
    """Tune's events as events of the ledger.

    Args:
        control: The requests of users, for which it looks in each turn of Tune's loop.
        comes_back: Whether a trial whose process died is run again.
        no_room: Whether the study's disk is full.
        on_end: Called after a trial's end is in the ledger, with (trial, outcome, params).
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        control: Control,
        comes_back: Callable[[str], bool],
        no_room: Callable[[], bool],
        on_end: OnEnd,
    ) -> None:
        self._ledger, self._comes_back, self._no_room, self._on_end = (
            ledger,
            comes_back,
            no_room,
            on_end,
        )
        self._control = control
        self._started: dict[str, float] = {}  # when each piece of training began, of trials at work
        self._worked: dict[str, float] = {}
        self._begun: set[str] = set()  # trials whose start is in the ledger
        self.halted = False  # whether the disk was full, so that the study cannot go on

    def __getstate__(self) -> dict[str, object]:
        """Nothing: Tune pickles its callbacks for snapshots, which raylab never restores."""
        return {}

    def on_step_begin(self, iteration: int, trials: list[TuneTrial], **info: object) -> None:
        self._control.poll()
        if self._control.stopped:
            raise StudyStopped

    def on_trial_start(
        self, iteration: int, trials: list[TuneTrial], trial: TuneTrial, **info: object
    ) -> None:
        self._begin(trial)
        self._started[trial.config["job"]["trial"]] = time.monotonic()

    def _begin(self, trial: TuneTrial) -> None:
        """Record the start of a trial before any other event of it. Tune reports the death of a
        process that never came up without having reported its start.
        """
        config = trial.config
        name = config["job"]["trial"]
        if name in self._begun:
            return
        self._begun.add(name)
        resources = {key: config["resources"][key] for key in ("cpus", "gpus", "workers")}
        self._ledger.append(
            TrialStarted(
                trial=name,
                params=config["params"],
                config=config["job"]["config"],
                resources=resources,
                of=config["of"] or None,
                origin=config.get("origin"),
                origin_step=config.get("origin_step"),
            )
        )

    def on_trial_result(
        self,
        iteration: int,
        trials: list[TuneTrial],
        trial: TuneTrial,
        result: RoundResult,
        **info: object,
    ) -> None:
        if "rung" in result:
            name = trial.config["job"]["trial"]
            self._ledger.append(
                *(_reported(name, report) for report in (*result.get("earlier", ()), result))
            )

    def on_trial_complete(
        self, iteration: int, trials: list[TuneTrial], trial: TuneTrial, **info: object
    ) -> None:
        self._end(trial, None)

    def on_trial_error(
        self, iteration: int, trials: list[TuneTrial], trial: TuneTrial, **info: object
    ) -> None:
        self._end(trial, _reason(trial))

    def _end(self, trial: TuneTrial, crash: str | None) -> None:
        config, now = trial.config, time.monotonic()
        name = config["job"]["trial"]
        seconds = self._worked.get(name, 0.0) + now - self._started.get(name, now)
        self._worked[name], self._started[name] = seconds, now
        if trial.last_result.get("halted") or (crash and self._no_room()):
            self.halted = True  # the trial has no end yet, and `resume` continues it
            return
        self._begin(trial)
        if crash is not None and self._comes_back(name):
            self._ledger.append(TrialLost(trial=name, reason=crash))
            return
        if crash is None and self._goes_on(name, trial.last_result):
            return
        by = BY_USER if name in self._control.trials else None
        ended = outcome(trial.last_result, max_steps=config["max_steps"], crash=crash, pruned_by=by)
        self._ledger.append(end_event(name, ended, seconds=seconds))
        self._on_end(name, ended, config["params"])

    def _goes_on(self, trial: str, result: RoundResult) -> bool:
        """Whether a trial ends for a pause, or only its generation ends."""
        between = is_between(result) and trial not in self._control.trials
        return between or trial in self._control.aside


def _reported(trial: str, result: RoundResult) -> TrialReported:
    """A validation; a report that an earlier process could not deliver carries its own time."""
    return TrialReported(
        time=result.get("time") or time.time(),
        trial=trial,
        step=result["steps"],
        metrics=result["metrics"],
        rung=result["rung"],
    )


def end_event(trial: str, ended: Outcome, *, seconds: float) -> TrialEnded:
    return TrialEnded(
        trial=trial,
        state=ended.state,
        step=ended.step,
        score=ended.score,
        scores=ended.scores,
        metrics=ended.metrics,
        error=ended.error,
        kept_step=ended.kept_step,
        stopped=ended.stopped,
        seconds=seconds,
    )


def _reason(trial: TuneTrial) -> str:
    """The last line of Ray's error about a process that died."""
    try:
        error = trial.get_error()
    except Exception:  # Ray keeps the error in a file of its own, which may be gone with its node
        error = None
    text = str(error).strip().splitlines() if error is not None else []
    return f"the trial's process died: {text[-1][:300]}" if text else "the trial's process died"
