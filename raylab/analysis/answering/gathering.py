"""The candidates of a trial, gathered while it trains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from raylab.config.trial import TrialConfig
from raylab.errors import TrainingError
from raylab.evaluation.certainty.cross_fit import cross_fitted
from raylab.evaluation.certainty.held_out import HeldOut
from raylab.evaluation.certainty.numbering import probabilities
from raylab.evaluation.decoding import mean_scores
from raylab.evaluation.metrics import DECODING, SCORE
from raylab.tasks.candidates import candidates_of
from raylab.tasks.protocol import Candidate
from raylab.training.candidates import CandidateTable
from raylab.training.loop import Training, Weights


class Gathered:
    """The candidates until now.

    Attributes:
        weights: Those of the best candidate; of equally good ones, of the first.
        kept_step: The step of the best candidate.
        metrics: The decoding scores of the best candidate, means over sessions.
    """

    def __init__(self, config: TrialConfig) -> None:
        self.config = config
        self.weights: Weights = {}
        self.kept_step = 0
        self.metrics: dict[str, float] = {}
        self._held_out: HeldOut | None = None
        self._overrides: list[dict[str, Any]] = []
        self._losses: list[np.ndarray] = []
        self._steps: list[int] = []
        self._predicted: dict[int, np.ndarray] = {}
        self._probabilities: dict[int, np.ndarray] = {}

    def add(
        self,
        training: Training,
        overrides: Mapping[str, Any],
        *,
        step: int,
        split: str = "valid",
    ) -> None:
        """Add the candidates of a step.

        Args:
            overrides: With these values by dotted path, the trial's training ends at this step.

        Raises:
            TrainingError: No session has a score on this split.
        """
        improved = False
        for candidate in candidates_of(self.config, training.model, training.shard, split):
            if self._append(candidate, {**overrides, **candidate.overrides}, step, split):
                candidate.apply()
                self.kept_step, improved = step, True
        if improved:
            self.weights = training.weights()

    def score_of(self, step: int) -> float:
        """The score of the best candidate of a step."""
        own = [losses.mean() for losses, at in zip(self._losses, self._steps) if at == step]
        return float(1 - min(own))

    def table(self, learnt: int) -> CandidateTable:
        """The table of all candidates of a model that has learnt so many numbers."""
        assert self._held_out is not None
        return CandidateTable(
            self._held_out,
            tuple(self._overrides),
            np.stack(self._losses),
            self._predicted,
            self._probabilities,
            learnt,
        )

    def _append(
        self, candidate: Candidate, overrides: dict[str, Any], step: int, split: str
    ) -> bool:
        """Whether the candidate is the best one until now."""
        if not candidate.decoded:
            raise TrainingError(
                f"label '{self.config.task.label}' has no score on {split} samples in any session",
                "Choose another label, or splits in which it varies.",
            )
        if self._held_out is None:
            self._held_out = HeldOut.of(candidate.decoded, self.config.evaluation.per)
        predicted = self._held_out.align(candidate.decoded)
        number = len(self._losses)
        self._overrides.append(overrides)
        self._losses.append(self._held_out.unit_losses(predicted))
        self._steps.append(step)
        fit = cross_fitted(np.stack(self._losses))
        # What is not chosen among fewer candidates is not chosen among more.
        needed = {fit.best, *fit.chosen.tolist()}
        if number in needed:
            self._predicted[number] = predicted
            self._probabilities |= self._likely(candidate, number)
        for kept in (self._predicted, self._probabilities):
            for at in kept.keys() - needed:
                del kept[at]
        if fit.best == number:
            scores = mean_scores([decoded.scores for decoded in candidate.decoded.values()])
            self.metrics = {f"{DECODING}{name}": value for name, value in scores.items()}
            self.metrics[SCORE] = float(1 - self._losses[number].mean())
        return fit.best == number

    def _likely(self, candidate: Candidate, number: int) -> dict[int, np.ndarray]:
        """The probabilities of classes by the candidate's number; empty where there are none."""
        if self._held_out is None or self._held_out.kind != "discrete":
            return {}
        tables, classes = candidate.probabilities(), self._held_out.classes
        likely = probabilities(candidate.decoded, tables, classes)
        return {} if likely is None else {number: likely}
