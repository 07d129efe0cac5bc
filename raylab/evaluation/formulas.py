"""The formulas of the scores of predicted labels; `metrics` says which label has which of them.

Every formula takes `Predictions` and returns one number. A formula of chance takes a `Constant`
and returns what the best prediction scores that ignores the features.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from raylab.data.views.variation import varying

TOP = 5  # classes among which `top5_accuracy` looks for the true one
# Of the movie's frames: 30 of 900, one second, as Schneider, Lee & Mathis 2023 score.
WINDOW = 1 / 30


@dataclass(frozen=True)
class Predictions:
    """Predictions of one label beside the truth.

    Attributes:
        kind: Of the label.
        truth: (Q, D) values, of circular labels in radians, or (Q,) class codes.
        predicted: Of the same shape.
        class_scores: (Q, C) of discrete labels: what the decoder gives each class, more for the
            likelier; None where the decoder names a class only.
        frames: (C,) the movie frame of each class; None of labels that are no frames.
        window: Share of the movie's frames that a prediction may be off, of `within_window`.
    """

    kind: str
    truth: np.ndarray
    predicted: np.ndarray
    class_scores: np.ndarray | None = None
    frames: np.ndarray | None = None
    window: float = WINDOW

    @cached_property
    def frame_error(self) -> np.ndarray:
        """(Q,) how many frames each prediction is off; movies end, so it does not wrap around."""
        assert self.frames is not None
        return np.asarray(np.abs(self.frames[self.truth] - self.frames[self.predicted]))


@dataclass(frozen=True)
class Constant:
    """What is known to whoever predicts a label without looking at any feature.

    Attributes:
        kind: Of the label.
        fitted: The values or class codes of the samples that a decoder is fitted on.
        truth: Those of the scored samples.
        frames: As of `Predictions`.
    """

    kind: str
    fitted: np.ndarray
    truth: np.ndarray
    frames: np.ndarray | None = None

    @cached_property
    def predictions(self) -> Predictions:
        """The fitted samples' mean (of angles, the circular mean) or most frequent class for every
        scored sample.
        """
        if self.kind == "discrete":
            value = np.asarray(np.bincount(self.fitted).argmax())
        elif self.kind == "circular":
            value = np.angle(np.exp(1j * self.fitted).mean(axis=0))
        else:
            value = self.fitted.mean(axis=0)
        return self.of(value)

    def of(self, value: np.ndarray | np.floating) -> Predictions:
        """The prediction of one value for every scored sample."""
        same = np.broadcast_to(value, self.truth.shape)
        return Predictions(self.kind, self.truth, same, frames=self.frames)


def on_circle(angles: np.ndarray) -> np.ndarray:
    """(Q, D) angles -> (Q, 2 D) points."""
    return np.concatenate([np.cos(angles), np.sin(angles)], axis=1)


def r2(predictions: Predictions) -> float:
    """As scikit-learn's `r2_score`, mean over dimensions; of angles that of (cos, sin).

    A dimension that is constant in the truth has no variance to explain and is left out of the
    mean. NaN where every dimension is constant, and of fewer than two samples. Without
    scikit-learn's checks, since a bootstrap computes it hundreds of times.
    """
    if predictions.kind == "circular":
        points = on_circle(predictions.truth), on_circle(predictions.predicted)
        return r2_of_columns(*points, size=1.0)
    return r2_of_columns(predictions.truth, predictions.predicted)


def r2_of_columns(truth: np.ndarray, predicted: np.ndarray, size: float | None = None) -> float:
    """`r2` of (Q, D) numbers; `size` as of `varying`, 1 of points on circles."""
    varies = varying(truth, size)
    if len(truth) < 2 or not varies.any():
        return float("nan")
    errors = ((truth - predicted) ** 2).sum(axis=0)
    total = ((truth - truth.mean(axis=0)) ** 2).sum(axis=0)
    explained = 1 - errors / np.where(varies, total, 1)
    return float((explained if varies.all() else explained[varies]).mean())


def median_abs_error(predictions: Predictions) -> float:
    """The median Euclidean distance, in the label's unit; of angles the wrapped difference in
    radians.
    """
    difference = predictions.predicted - predictions.truth
    if predictions.kind == "circular":
        wrapped = np.abs(np.angle(np.exp(1j * difference)))
        return float(np.median(wrapped.mean(axis=1)))
    return float(np.median(np.linalg.norm(difference, axis=1)))


def error_of_constant(constant: Constant) -> float:
    """Of numbers the error of the fitted samples' median, which no other constant beats by much."""
    if constant.kind == "circular":
        return median_abs_error(constant.predictions)
    return median_abs_error(constant.of(np.median(constant.fitted, axis=0)))


def balanced_accuracy(predictions: Predictions) -> float:
    """Mean recall of the classes that occur in the truth, as scikit-learn's
    `balanced_accuracy_score`.
    """
    truth = predictions.truth
    counts = np.bincount(truth)
    right = np.bincount(truth[truth == predictions.predicted], minlength=len(counts))
    return float((right[counts > 0] / counts[counts > 0]).mean())


def balanced_of_constant(constant: Constant) -> float:
    """That of any constant among the classes that were there to fit: a mean over these classes. A
    class of the truth that was not there to fit is never right.
    """
    fitted, truth = np.unique(constant.fitted), np.unique(constant.truth)
    known = np.isin(truth, fitted)
    return float(known.mean() / len(fitted))


def accuracy(predictions: Predictions) -> float:
    """The share of samples whose class was predicted."""
    return float((predictions.truth == predictions.predicted).mean())


def top5_accuracy(predictions: Predictions) -> float:
    """Share of samples whose class is among the 5 with the highest scores, ties drawn by lot (its
    expectation).

    Without ties as scikit-learn's `top_k_accuracy_score`, which gives ties to the later class:
    votes of neighbours are tied at zero in most classes.
    """
    truth, scores = predictions.truth, predictions.class_scores
    assert scores is not None
    own = scores[np.arange(len(truth)), truth][:, None]
    better, equal = (scores > own).sum(axis=1), (scores == own).sum(axis=1)
    return float(np.clip((TOP - better) / equal, 0, 1).mean())


def top5_of_constant(constant: Constant) -> float:
    """That of the five most frequent classes."""
    counts = np.bincount(constant.fitted)
    frequent = np.argsort(-counts, kind="stable")[:TOP]
    return float(np.isin(constant.truth, frequent[counts[frequent] > 0]).mean())


def frame_error_median(predictions: Predictions) -> float:
    """The median of how many frames a prediction is off."""
    return float(np.median(predictions.frame_error))


def frame_error_of_constant(constant: Constant) -> float:
    """That of the median fitted frame."""
    assert constant.frames is not None
    middle = np.median(constant.frames[constant.fitted])
    return float(np.median(np.abs(constant.frames[constant.truth] - middle)))


def within_window(predictions: Predictions) -> float:
    """The share of samples that are off by less than a share `window` of the movie."""
    assert predictions.frames is not None
    width = predictions.window * _length(predictions.frames)
    return float((predictions.frame_error < width).mean())


def within_window_of_constant(constant: Constant) -> float:
    """That of the frame which most fitted samples are near."""
    assert constant.frames is not None
    fitted, width = constant.frames[constant.fitted], WINDOW * _length(constant.frames)
    ordered, candidates = np.sort(fitted), np.unique(fitted)
    near = np.searchsorted(ordered, candidates + width, "left") - np.searchsorted(
        ordered, candidates - width, "right"
    )
    best = candidates[near.argmax()]
    return float((np.abs(constant.frames[constant.truth] - best) < width).mean())


def _length(frames: np.ndarray) -> int:
    """Frames of the movie, those that no sample has included."""
    return int(frames.max() - frames.min()) + 1
