"""How a trial ended, told the same way to the ledger, to Optuna and to the user."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from raylab.errors import TrainingError

ENDED = ("completed", "pruned", "failed")  # what is over; an interrupted trial is run again


@dataclass(frozen=True)
class Outcome:
    """
    Attributes:
        score: Of the model that is kept, as are `metrics`; the first of several objectives.
        scores: Of all objectives, where there are several.
        step: The last step that was trained.
        kept_step: The step of the model that is kept, where it may be an earlier one.
        stopped: Why training ended before its last step, where early stopping did.
    """

    state: Literal["completed", "pruned", "failed"]
    score: float | None = None
    step: int = 0
    metrics: dict[str, float] = field(default_factory=dict)
    error: str | None = None
    kept_step: int | None = None
    stopped: str | None = None
    scores: tuple[float, ...] = ()


def report(
    told: Mapping[str, Any], *, objectives: Sequence[str], rung: str | None = None
) -> dict[str, Any]:
    """A round (see `describe_round`) as Tune carries it, of the model kept until then: `score` is
    the first objective, `rung` what a scheduler compares, `scores` all objectives where there are
    several.

    Args:
        rung: The scheduler's metric; default: the first objective.

    Raises:
        TrainingError: One was not measured, nor will it be: no use to train on.
    """
    metrics = (told.get("kept") or told)["metrics"]
    rung = rung or objectives[0]
    missing = next((metric for metric in (*objectives, rung) if metric not in metrics), None)
    if missing is not None:
        raise TrainingError(
            f"no validation measures '{missing}' on this dataset",
            "Decoding needs validation samples with several values of the label, goodness of fit "
            "validation parts "
            "longer than the receptive field. Choose another objective, label or splits.",
        )
    several = {"scores": [metrics[metric] for metric in objectives]} if len(objectives) > 1 else {}
    return {**told, "score": metrics[objectives[0]], "rung": metrics[rung], **several}


class Deaths:
    """How often the process of each trial died. Not the trial's fault, so it is run again from its
    last checkpoint; but one that takes its process down every time must not be tried for ever.
    """

    def __init__(self, most: int = 3) -> None:
        self._most = most
        self._counts: Counter[str] = Counter()

    def again(self, trial: str) -> bool:
        """Note a death; whether the trial may be run again."""
        self._counts[trial] += 1
        return self._counts[trial] <= self._most


def is_between(result: Mapping[str, Any] | None) -> bool:
    """Whether a result ends a generation of its population, and not the trial."""
    return bool(result and result.get("between") and math.isfinite(result["rung"]))


def outcome(
    result: Mapping[str, Any] | None, *, max_steps: int, crash: str | None = None
) -> Outcome:
    """From a trial's last result: a trial stopped before its last step was pruned, unless it
    stopped itself; a score that is no number failed.
    """
    result = result or {}
    step, stopped, kept = (
        int(result.get("steps") or 0),
        result.get("stopped"),
        result.get("kept") or {},
    )
    metrics = dict(kept.get("metrics") or result.get("metrics") or {})
    problem = crash or result.get("error")
    if problem is None and "score" not in result:
        problem = "ended without a result"
    scores = tuple(map(float, result.get("scores") or ()))
    if problem is None:
        odd = [score for score in scores or (result["score"],) if not math.isfinite(score)]
        problem = f"the score is {odd[0]} at step {step}" if odd else None
    if problem is not None:
        return Outcome("failed", None, step, metrics, str(problem))
    return Outcome(
        "completed" if step >= max_steps or stopped else "pruned",
        *(float(result["score"]), step, metrics),
        kept_step=kept.get("step"),
        stopped=stopped,
        scores=scores,
    )
