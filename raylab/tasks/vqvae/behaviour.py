"""Behaviour over a window: four statistics of a label, as targets of a head and as scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from raylab.config.vqvae import VqvaeTrial
from raylab.data.shard import Shard
from raylab.data.splitting.splits import CODE
from raylab.data.views.variation import varying
from raylab.errors import TrainingError
from raylab.evaluation.metrics import STATISTICS
from raylab.sampling.windows import Tiles
from raylab.tasks.labels import training_timeline


def statistics(windows: np.ndarray) -> np.ndarray:
    """(n, window) values of a label -> (n, 4) mean, standard deviation, maximum, and last minus
    first. All four are NaN where any sample of the window is NaN.
    """
    if not len(windows):
        return np.zeros((0, len(STATISTICS)))
    change = windows[:, -1] - windows[:, 0]
    return np.stack(
        [windows.mean(1), windows.std(1), windows.max(1), change + 0 * windows.sum(1)], axis=1
    )


@dataclass(frozen=True)
class Behaviour:
    """A label of every session, and the scale of its statistics over the windows of training.

    Attributes:
        training: (rows of the view,) the label as training sees it, by session; shuffled in a
            control.
        true: (rows of the view,) the label itself, by session.
        mean, std: (4,) over all training windows, `model.stride` rows apart.
        weighted: Statistics that take part in the loss. The others are not scored.
    """

    training: dict[str, np.ndarray]
    true: dict[str, np.ndarray]
    mean: np.ndarray
    std: np.ndarray
    weighted: tuple[str, ...]
    window: int

    @classmethod
    def of(cls, config: VqvaeTrial, shard: Shard) -> Behaviour | None:
        """The behaviour that a trial predicts; None where its config names no label.

        Raises:
            TrainingError: no training window has the label throughout, or all windows have the same
                statistics.
        """
        name, window = config.behaviour.label, config.model.window
        if name is None:
            return None
        timelines = {key: session.timeline for key, session in shard.items()}
        values = {
            key: training_timeline(config, timeline).labels[name].values[:, 0]
            for key, timeline in timelines.items()
        }
        pieces = [np.zeros((0, len(STATISTICS)))]
        for key, timeline in timelines.items():
            for start, stop, code in timeline.parts.tolist():
                if code == CODE["train"] and stop - start >= window:
                    rows = np.lib.stride_tricks.sliding_window_view(values[key][start:stop], window)
                    pieces.append(statistics(rows[:: config.model.stride]))
        training = np.concatenate(pieces)
        training = training[np.isfinite(training).all(axis=1)]
        weighted = tuple(key for key in STATISTICS if config.behaviour.weights[key])
        size = max(
            (float(np.nanmax(np.abs(own), initial=0.0)) for own in values.values()), default=0
        )
        varies = varying(training, size)
        if not varies.any():
            raise TrainingError(
                (
                    f"behaviour.label '{name}': {len(training)} training windows have the label "
                    "in every row"
                )
                + (", and all of them have the same values" if len(training) else ""),
                "Choose another label, or a shorter model.window.",
            )
        std = np.where(varies, training.std(axis=0), 1.0)
        true = {key: timeline.labels[name].values[:, 0] for key, timeline in timelines.items()}
        return cls(values, true, training.mean(axis=0), std, weighted, window)

    def targets(self, session: str, starts: np.ndarray) -> Tensor:
        """(n, 4) float32, standardised; NaN for windows that the label does not fill."""
        windows = self.training[session][starts[:, None] + np.arange(self.window)]
        return torch.from_numpy(((statistics(windows) - self.mean) / self.std).astype(np.float32))

    def scores(self, predicted: Mapping[str, tuple[Tiles, np.ndarray]]) -> dict[str, float]:
        """R2 of each statistic on whole held-out windows, and of a baseline that always predicts
        the training mean; means over sessions. R2 is 1 - squared error / squares about the mean of
        the scored windows, so the baseline is at most 0.

        Args:
            predicted: The windows and (n, 4) standardised predictions of each session.
        """
        scores: dict[str, list[float]] = {}
        for session, (tiles, values) in predicted.items():
            held = tiles.whole(self.window) & (tiles.splits == CODE["valid"])
            truth = statistics(self.true[session][tiles.pick(held).rows(self.window)])
            known = np.isfinite(truth).all(axis=1)
            truth, predictions = truth[known], (values[held] * self.std + self.mean)[known]
            varies = varying(truth, float(np.abs(truth).max(initial=0.0)))
            for at, name in enumerate(STATISTICS):
                if name in self.weighted and varies[at]:
                    scores.setdefault(name, []).append(_r2(truth[:, at], predictions[:, at]))
                    scores.setdefault("baseline", []).append(_r2(truth[:, at], self.mean[at]))
        if not scores:
            return {}
        baseline = float(np.mean(scores.pop("baseline")))
        each = {f"behaviour.r2_{name}": float(np.mean(values)) for name, values in scores.items()}
        return {
            **each,
            "behaviour.r2": float(np.mean(list(each.values()))),
            "behaviour.baseline_r2": baseline,
        }


def _r2(truth: np.ndarray, predicted: np.ndarray | float) -> float:
    return float(1 - np.square(truth - predicted).sum() / np.square(truth - truth.mean()).sum())
