"""Scores of predicted labels: fractions and the label's own unit, never percent."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from raylab.data.dataset import LabelSpec
from raylab.data.session import FRAME, Label

# The score a label is chosen by; each is 0 or the chance level for a model that knows nothing, 1 at
# best.
PRIMARY = {"continuous": "r2", "circular": "r2", "discrete": "balanced_accuracy"}
METRICS = {
    "continuous": ("r2", "median_abs_error"),
    "circular": ("r2", "median_abs_error"),
    "discrete": ("balanced_accuracy", "accuracy"),
}
FRAME_METRICS = ("frame_error_median", "within_window")
MINIMISED = ("median_abs_error", "frame_error_median")
TOP = 5
WINDOW = (
    1 / 30
)  # of the movie's frames: 30 of 900, one second, as Schneider, Lee & Mathis 2023 score


def metrics_of(label: Label | LabelSpec, *, class_scores: bool = False) -> tuple[str, ...]:
    """The names that `score_predictions` gives for a label.

    Args:
        class_scores: Whether the decoder says how likely each class is.
    """
    frames = FRAME_METRICS if frames_of(label) is not None else ()
    top = ("top5_accuracy",) if class_scores and len(label.classes) > TOP else ()
    return (*METRICS[label.kind], *top, *frames)


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
    """Scores of one label.

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
    """
    if kind == "discrete":
        found = {
            "balanced_accuracy": _balanced(truth, predicted),
            "accuracy": float((truth == predicted).mean()),
        }
        if scores is not None and scores.shape[1] > TOP:
            found["top5_accuracy"] = _top(truth, scores)
        return (
            found
            if frames is None
            else found | _frame_scores(frames[truth], frames[predicted], frames, window)
        )
    if kind == "circular":
        error = np.abs(np.angle(np.exp(1j * (predicted - truth)))).mean(axis=1)
        return {
            "r2": _r2(on_circle(truth), on_circle(predicted)),
            "median_abs_error": float(np.median(error)),
        }
    error = np.linalg.norm(predicted - truth, axis=1)
    return {"r2": _r2(truth, predicted), "median_abs_error": float(np.median(error))}


def on_circle(angles: np.ndarray) -> np.ndarray:
    """(Q, D) angles -> (Q, 2 D) points."""
    return np.concatenate([np.cos(angles), np.sin(angles)], axis=1)


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
    if kind == "discrete":
        counts = np.bincount(fitted)
        scores = score_predictions(kind, truth, np.full(truth.shape, counts.argmax()))
        scores["balanced_accuracy"] = 1 / len(np.unique(fitted))
        if classes is not None and classes > TOP:
            often = np.argsort(-counts, kind="stable")[:TOP]
            scores["top5_accuracy"] = float(np.isin(truth, often[counts[often] > 0]).mean())
        return (
            scores
            if frames is None
            else scores | _frame_chance(frames, frames[fitted], frames[truth])
        )
    if kind == "circular":
        mean = np.angle(np.exp(1j * fitted).mean(axis=0))
        return score_predictions(kind, truth, np.broadcast_to(mean, truth.shape))
    middle = np.broadcast_to(np.median(fitted, axis=0), truth.shape)
    mean = np.broadcast_to(fitted.mean(axis=0), truth.shape)
    return {
        "r2": _r2(truth, mean),
        "median_abs_error": score_predictions(kind, truth, middle)["median_abs_error"],
    }


def block_bootstrap(
    score: Callable[[np.ndarray], dict[str, float]],
    samples: int,
    *,
    seed: int = 0,
    blocks: int = 20,
    draws: int = 300,
) -> dict[str, np.ndarray]:
    """Scores of resampled contiguous blocks: metric -> (draws,).

    Neighbouring samples are not independent; resampling single ones would make intervals far too
    narrow (Künsch 1989, the moving-block bootstrap, here with `blocks` blocks).

    Args:
        score: Maps (n,) sample indices to scores.
        samples: Number of samples scored.
    """
    length = max(1, samples // blocks)
    generator = np.random.default_rng(seed)
    starts = generator.integers(0, samples - length + 1, (draws, -(-samples // length)))
    resampled = [score((row[:, None] + np.arange(length)).ravel()[:samples]) for row in starts]
    return {name: np.array([scores[name] for scores in resampled]) for name in resampled[0]}


def group_bootstrap(
    score: Callable[[np.ndarray], dict[str, float]],
    groups: np.ndarray,
    *,
    seed: int = 0,
    draws: int = 300,
) -> dict[str, np.ndarray]:
    """Scores of resampled groups: metric -> (draws,). With one example a group it is the ordinary
    bootstrap.

    Whole groups are drawn with replacement, as many as there are (the cluster bootstrap, Davison &
    Hinkley 1997, 3.8), so that samples of one presentation never count as independent.

    Args:
        score: Maps (n,) example indices to scores; n differs between draws where groups differ in
            size.
        groups: (Q,) the group of each example, such as its presentation.
    """
    order = np.argsort(groups, kind="stable")
    _, starts, sizes = np.unique(groups[order], return_index=True, return_counts=True)
    generator = np.random.default_rng(seed)
    resampled = []
    for chosen in generator.integers(0, len(starts), (draws, len(starts))):
        size = sizes[chosen]
        begins = np.repeat(starts[chosen] - (np.cumsum(size) - size), size)
        resampled.append(score(order[begins + np.arange(size.sum())]))
    return {name: np.array([scores[name] for scores in resampled]) for name in resampled[0]}


def interval(draws: Sequence[dict[str, np.ndarray]]) -> dict[str, list[float]]:
    """95 % percentile interval of the mean over sessions, from each session's bootstrap draws."""
    return {
        name: np.nanpercentile(
            np.mean([entry[name] for entry in draws], axis=0), [2.5, 97.5]
        ).tolist()
        for name in draws[0]
    }


def _r2(truth: np.ndarray, predicted: np.ndarray) -> float:
    """As scikit-learn's `r2_score`, mean over dimensions, without its checks: a bootstrap asks
    hundreds of times.
    """
    if len(truth) < 2:
        return float("nan")
    errors = ((truth - predicted) ** 2).sum(axis=0)
    total = ((truth - truth.mean(axis=0)) ** 2).sum(axis=0)
    of_constant = np.where(errors > 0, 0.0, 1.0)  # where there is no variance to explain
    return float(
        np.where(total > 0, 1 - errors / np.where(total > 0, total, 1), of_constant).mean()
    )


def _balanced(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Mean recall of the classes that occur in `truth`, as scikit-learn's
    `balanced_accuracy_score`.
    """
    counts = np.bincount(truth)
    right = np.bincount(truth[truth == predicted], minlength=len(counts))
    return float((right[counts > 0] / counts[counts > 0]).mean())


def _top(truth: np.ndarray, scores: np.ndarray) -> float:
    """Share of samples whose class is among the 5 with the highest scores, ties drawn by lot (its
    expectation).

    Without ties as scikit-learn's `top_k_accuracy_score`, which gives ties to the later class:
    votes of neighbours are tied at zero in most classes.
    """
    own = scores[np.arange(len(truth)), truth][:, None]
    better, equal = (scores > own).sum(axis=1), (scores == own).sum(axis=1)
    return float(np.clip((TOP - better) / equal, 0, 1).mean())


def _frame_scores(
    truth: np.ndarray, predicted: np.ndarray, frames: np.ndarray, window: float
) -> dict[str, float]:
    error = np.abs(truth - predicted)
    return {
        "frame_error_median": float(np.median(error)),
        "within_window": float((error < window * _length(frames)).mean()),
    }


def _frame_chance(frames: np.ndarray, fitted: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    ordered, width = np.sort(fitted), WINDOW * _length(frames)
    candidates = np.unique(fitted)
    near = np.searchsorted(ordered, candidates + width, "left") - np.searchsorted(
        ordered, candidates - width, "right"
    )
    return {
        "frame_error_median": float(np.median(np.abs(truth - np.median(fitted)))),
        "within_window": float((np.abs(truth - candidates[near.argmax()]) < width).mean()),
    }


def _length(frames: np.ndarray) -> int:
    """Frames of the movie, those that no sample has included."""
    return int(frames.max() - frames.min()) + 1
