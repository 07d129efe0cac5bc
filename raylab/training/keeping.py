"""Which validation's model a trial keeps, and when training stops early.

The kept model is that of the best validation; of equally good ones, the earliest. Early stopping
(Prechelt 1998) only decides when training ends: after `patience` validations in a row that were not
better by more than `min_delta`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from raylab.config.training import EarlyStopping, TrainingConfig
from raylab.errors import ConfigError, TrainingError


@dataclass(frozen=True)
class Progress:
    """The state after all validations until now. Equal scores lead to an equal state.

    Attributes:
        step: The step of the last validation.
        best_step: The step of the best validation.
        best: The score of the best validation.
        metrics: All metrics of the best validation, on the first worker.
        mark: The score from which an improvement is measured.
        waited: Validations since the last improvement.
    """

    step: int
    best_step: int
    best: float
    metrics: dict[str, float]
    mark: float
    waited: int = 0


@dataclass(frozen=True)
class Monitor:
    """Judges validations by one score.

    Attributes:
        metric: The name of the score.
        mode: Whether the score grows or falls as models get better.
    """

    metric: str
    mode: Literal["max", "min"]
    stopping: EarlyStopping | None

    def after(
        self, progress: Progress | None, *, step: int, score: float, metrics: Mapping[str, float]
    ) -> Progress:
        """The progress after one more validation. A validation that was judged before changes
        nothing.

        Raises:
            TrainingError: the score is not a finite number.
        """
        if progress is not None and step <= progress.step:
            return progress
        if not math.isfinite(score):
            raise TrainingError(
                f"training.monitor '{self.metric}' is {score} at step {step}",
                "Monitor another score, or set training.keep: last, without early stopping.",
            )
        if progress is None:
            return Progress(step, step, score, dict(metrics), mark=score)
        best = progress
        if self._gain(score, progress.best) > 0:
            best = replace(progress, best_step=step, best=score, metrics=dict(metrics))
        improved = self._gain(score, progress.mark) > (
            self.stopping.min_delta if self.stopping else 0.0
        )
        mark, waited = (score, 0) if improved else (progress.mark, progress.waited + 1)
        return replace(best, step=step, mark=mark, waited=waited)

    def stops(self, progress: Progress | None) -> bool:
        """Whether training stops early."""
        return (
            progress is not None
            and self.stopping is not None
            and progress.waited >= self.stopping.patience
        )

    def reason(self, progress: Progress) -> str:
        """Why training stops, as the record of the trial states it."""
        delta = self.stopping.min_delta if self.stopping else 0.0
        better = (
            f"a {self.metric} better by more than {delta:g}" if delta else f"a better {self.metric}"
        )
        return (
            f"stopped early at step {progress.step}: {progress.waited} validations in a row "
            f"without {better}"
        )

    def _gain(self, score: float, than: float) -> float:
        return score - than if self.mode == "max" else than - score


def monitor_of(config: TrainingConfig, declared: Mapping[str, str]) -> Monitor | None:
    """The monitor of a trial; None where the trial keeps the last model.

    Args:
        declared: The metrics of the trial's task: {name: "max" or "min"}.

    Raises:
        ConfigError: no validation measures the score that `training.monitor` names.
    """
    if config.keep == "last":
        return None
    scores = [name for name in declared if name != "loss"]  # a score of training batches
    metric = config.monitor or ("decoding.score" if "decoding.score" in scores else scores[0])
    if metric not in scores:
        raise ConfigError(
            f"training.monitor: no validation measures '{metric}' here",
            f"Use one of: {', '.join(scores)}.",
        )
    return Monitor(metric, "max" if declared[metric] == "max" else "min", config.early_stopping)
