"""How a trial ended, in the form that the ledger, Optuna and the user are given."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypedDict

from raylab.errors import TrainingError
from raylab.space.parameters import Scalar
from raylab.training.reports import Kept, Report


@dataclass(frozen=True)
class Outcome:
    """The end of a trial.

    Attributes:
        score: The first objective, measured with the model that is kept.
        step: The last step that was trained.
        metrics: All metrics, measured with the model that is kept.
        error: Why the trial failed.
        kept_step: The step of the model that is kept, if it can be an earlier one.
        stopped: Why early stopping, or the user, ended the training.
        scores: All objectives, if there are several.
    """

    state: Literal["completed", "pruned", "failed"]
    score: float | None = None
    step: int = 0
    metrics: dict[str, float] = field(default_factory=dict)
    error: str | None = None
    kept_step: int | None = None
    stopped: str | None = None
    scores: tuple[float, ...] = ()


class RoundResult(TypedDict, total=False):
    """A round of a trial as Ray Tune carries it: a `Report`, and what the search adds to it.

    Attributes:
        score: The first objective; `scores` are all objectives, where there are several.
        rung: The metric that the scheduler compares.
        time: When the report was written, where an earlier process wrote it.
        earlier: Reports of an earlier process of the trial, which the ledger may lack.
        between: The round ends a generation of a population, and not the trial.
        error: Why the trial failed.
        halted: Whether the disk is full, so that the study cannot go on.
    """

    steps: int
    metrics: dict[str, float]
    done: bool
    kept: Kept
    stopped: str
    score: float
    scores: list[float]
    rung: float
    time: float
    earlier: list[RoundResult]
    between: bool
    error: str
    halted: bool


# Called with the id, the outcome and the searched values of a trial whose end is in the ledger.
OnEnd = Callable[[str, Outcome, Mapping[str, Scalar]], None]


def report(progress: Report, *, objectives: Sequence[str], rung: str | None = None) -> RoundResult:
    """A round (see `describe_round`) as Tune carries it, of the model kept until then: `score` is
    the first objective, `rung` what a scheduler compares, `scores` all objectives where there are
    several.

    Args:
        rung: The scheduler's metric; default: the first objective.

    Raises:
        TrainingError: One was not measured, nor will it be: no use to train on.
    """
    metrics = (progress.get("kept") or progress)["metrics"]
    rung = rung or objectives[0]
    missing = next((metric for metric in (*objectives, rung) if metric not in metrics), None)
    if missing is not None:
        raise TrainingError(
            f"no validation measures '{missing}' on this dataset",
            "Decoding needs validation samples with several values of the label, goodness of fit "
            "validation parts "
            "longer than the receptive field. Choose another objective, label or splits.",
        )
    several: RoundResult = {}
    if len(objectives) > 1:
        several["scores"] = [metrics[metric] for metric in objectives]
    return {**progress, "score": metrics[objectives[0]], "rung": metrics[rung], **several}


class Deaths:
    """Counts the deaths of each trial's process. The trial is run again from its last checkpoint,
    but not for ever: a trial may kill its process every time.
    """

    def __init__(self, most: int = 3) -> None:
        self._most = most
        self._counts: Counter[str] = Counter()

    def again(self, trial: str) -> bool:
        """Count a death. Returns whether the trial is run again."""
        self._counts[trial] += 1
        return self._counts[trial] <= self._most


def is_between(result: RoundResult | None) -> bool:
    """Whether a result ends a generation of its population, and not the trial."""
    return bool(result and result.get("between") and math.isfinite(result["rung"]))


def outcome(
    result: RoundResult | None,
    *,
    max_steps: int,
    crash: str | None = None,
    pruned_by: str | None = None,
) -> Outcome:
    """The outcome that a trial's last result stands for.

    A trial that a scheduler stopped before its last step is pruned; a trial that stopped itself is
    completed. A trial whose score is no number has failed.

    Args:
        crash: Why the process died, if it did.
        pruned_by: Who ended a trial before its last step, if that was not a scheduler.
    """
    result = result or {}
    step, stopped, kept = int(result.get("steps") or 0), result.get("stopped"), result.get("kept")
    metrics = dict((kept and kept["metrics"]) or result.get("metrics") or {})
    problem = crash or result.get("error")
    if problem is None and "score" not in result:
        problem = "ended without a result"
    scores = tuple(map(float, result.get("scores") or ()))
    if problem is None:
        odd = [score for score in scores or (result["score"],) if not math.isfinite(score)]
        problem = f"the score is {odd[0]} at step {step}" if odd else None
    if problem is not None:
        return Outcome("failed", None, step, metrics, str(problem))
    pruned = step < max_steps and not stopped
    return Outcome(
        "pruned" if pruned else "completed",
        *(float(result["score"]), step, metrics),
        kept_step=kept["step"] if kept else None,
        stopped=pruned_by if pruned else stopped,
        scores=scores,
    )
