"""Scores of predicted labels: fractions and the label's own unit, never percent."""

from __future__ import annotations

import numpy as np

from raylab.data.datasets.specs import LabelSpec
from raylab.data.session import FRAME, Label
from raylab.evaluation.formulas import WINDOW, Constant, Predictions
from raylab.evaluation.metrics import scores_of


def names_of(label: Label | LabelSpec, *, class_scores: bool = False) -> tuple[str, ...]:
    """The names of the scores that `score_predictions` gives for a label.

    Args:
        class_scores: Whether the decoder says how likely each class is.
    """
    classes = len(label.classes) if class_scores else 0
    metrics = scores_of(label.kind, classes=classes, frames=frames_of(label) is not None)
    return tuple(metric.score for metric in metrics)


def frames_of(label: Label | LabelSpec) -> np.ndarray | None:
    """(C,) the movie frame of each class of a discrete label in unit `frame`; None of every other
    label.

    Codes are not frames: a frame may be missing, and sessions put together number classes by name.
    """
    whole = all(name.removeprefix("-").isdecimal() for name in label.classes)
    if label.kind != "discrete" or label.unit != FRAME or not label.classes or not whole:
        return None
    return np.array([int(name) for name in label.classes], np.int64)


def score_predictions(
    kind: str,
    truth: np.ndarray,
    predicted: np.ndarray,
    scores: np.ndarray | None = None,
    *,
    frames: np.ndarray | None = None,
    window: float = WINDOW,
) -> dict[str, float]:
    """Scores of one label by the formulas of `metrics`.

    Args:
        kind: continuous, circular (angles in radians) or discrete.
        truth: (Q, D) values or (Q,) class codes.
        predicted: Of the same shape.
        scores: (Q, C) of discrete labels: what the decoder gives each class, more for the likelier.
        frames: As `frames_of` gives them, of every code in `truth` and `predicted`.
        window: Share of the movie's frames that a prediction may be off, of `within_window`.

    Returns:
        continuous: `r2` (mean over dimensions), `median_abs_error` (Euclidean, in the label's
            unit).
        circular: `r2` of (cos, sin), `median_abs_error` of the wrapped difference in radians.
        discrete: `balanced_accuracy` and `accuracy`, fractions; with `scores` of more than 5
            classes `top5_accuracy`; with `frames` `frame_error_median` in frames (movies end, so it
            does not wrap around) and `within_window`, the share of samples that are off by less
            than the window.
        Metrics of installed packages follow.
    """
    predictions = Predictions(kind, truth, predicted, scores, frames, window)
    classes = 0 if scores is None else scores.shape[1]
    return {
        metric.score: metric.measure(predictions)
        for metric in scores_of(kind, classes=classes, frames=frames is not None)
        if metric.measure is not None
    }


def chance_scores(
    kind: str,
    fitted: np.ndarray,
    truth: np.ndarray,
    *,
    frames: np.ndarray | None = None,
    classes: int | None = None,
) -> dict[str, float]:
    """Scores of the best constant: the fitted samples' mean (R2) or median (error), their most
    frequent class.

    The balanced accuracy of chance is that of any constant among the classes that were there to
    fit. Frames: the median frame (error) and the frame that most fitted samples are near (window).

    Args:
        frames: As in `score_predictions`.
        classes: How many classes the decoder scores, if it does: the constant's `top5_accuracy` is
            then that of the five most frequent ones.
    """
    constant = Constant(kind, fitted, truth, frames)
    return {
        metric.score: metric.constant(constant)
        for metric in scores_of(kind, classes=classes or 0, frames=frames is not None)
    }
