"""What happens in a search, written down: one driver-side writer for the ledger, and lines of progress."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ray.tune import Callback

from raylab.studies.outcome import Outcome, outcome
from raylab.tracking.ledger import Ledger

OnEnd = Callable[[str, Outcome, dict[str, Any]], None]


class LedgerCallback(Callback):
    """Tune's events as events of the ledger.

    Args:
        on_end: Called after a trial's end is in the ledger, with (trial, outcome, params).
    """

    def __init__(self, ledger: Ledger, *, on_end: OnEnd) -> None:
        self._ledger, self._on_end = ledger, on_end
        self._started: dict[str, float] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Tune pickles its set-up for a restore that we never do (see `suggest.py`)."""
        return {}

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        config = trial.config
        name = config["job"]["trial"]
        if name in self._started:
            return
        self._started[name] = time.monotonic()
        self._ledger.append(
            {"event": "trial_started", "trial": name, "params": config["params"], "config": config["job"]["config"]}
        )

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **info: Any
    ) -> None:
        if "metrics" in result and "error" not in result:
            self._ledger.append(
                {
                    "event": "trial_reported",
                    "trial": trial.config["job"]["trial"],
                    "step": result["steps"],
                    "metrics": result["metrics"],
                }
            )

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        self._end(trial, None)

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        self._end(trial, _reason(trial))

    def _end(self, trial: Any, crash: str | None) -> None:
        config = trial.config
        name = config["job"]["trial"]
        ended = outcome(trial.last_result, max_steps=config["max_steps"], crash=crash)
        seconds = time.monotonic() - self._started.get(name, time.monotonic())
        self._ledger.append(end_event(name, ended, seconds=seconds))
        self._on_end(name, ended, config["params"])


def end_event(trial: str, ended: Outcome, *, seconds: float) -> dict[str, Any]:
    return {
        "event": "trial_ended",
        "trial": trial,
        "state": ended.state,
        "step": ended.step,
        "score": ended.score,
        "scores": list(ended.scores),
        "metrics": ended.metrics,
        "error": ended.error,
        "kept_step": ended.kept_step,
        "stopped": ended.stopped,
        "seconds": seconds,
    }


def _reason(trial: Any) -> str:
    """The last line of what Ray says about a process that died."""
    try:
        error = trial.get_error()
    except Exception:  # Ray keeps the error in a file of its own, which may be gone with its node
        error = None
    text = str(error).strip().splitlines() if error is not None else []
    return f"the trial's process died: {text[-1][:300]}" if text else "the trial's process died"
