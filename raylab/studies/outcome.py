"""How a trial ended, told the same way to the ledger, to Optuna and to the user."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Outcome:
    state: Literal["completed", "pruned", "failed"]
    score: float | None = None
    step: int = 0
    metrics: dict[str, float] = field(default_factory=dict)
    error: str | None = None


def report(metrics: Mapping[str, float], *, step: int, metric: str) -> dict[str, Any]:
    """A result as Tune carries it. `score` is the objective."""
    return {"steps": step, "score": metrics.get(metric, math.nan), "metrics": dict(metrics)}


def outcome(result: Mapping[str, Any] | None, *, max_steps: int, crash: str | None = None) -> Outcome:
    """From a trial's last result: a trial stopped before its last step was pruned; a score that is no number failed."""
    result = result or {}
    step = int(result.get("steps") or 0)
    metrics = dict(result.get("metrics") or {})
    problem = crash or result.get("error")
    if problem is None and "score" not in result:
        problem = "ended without a result"
    if problem is None and not math.isfinite(result["score"]):
        problem = f"the score is {result['score']} at step {step}"
    if problem is not None:
        return Outcome("failed", None, step, metrics, str(problem))
    return Outcome("completed" if step >= max_steps else "pruned", float(result["score"]), step, metrics)
