"""Scores of predicted labels: fractions and the label's own unit, never percent."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

# The score a label is chosen by; each is 0 or the chance level for a model that knows nothing, 1 at best.
PRIMARY = {"continuous": "r2", "circular": "r2", "discrete": "balanced_accuracy"}
METRICS = {
    "continuous": ("r2", "median_abs_error"),
    "circular": ("r2", "median_abs_error"),
    "discrete": ("balanced_accuracy", "accuracy"),
}
MINIMISED = ("median_abs_error",)


def score_predictions(kind: str, truth: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """Scores of one label.

    Args:
        kind: continuous, circular (angles in radians) or discrete.
        truth: (Q, D) values or (Q,) class codes.
        predicted: Of the same shape.

    Returns:
        continuous: `r2` (mean over dimensions), `median_abs_error` (Euclidean, in the label's unit).
        circular: `r2` of (cos, sin), `median_abs_error` of the wrapped difference in radians.
        discrete: `balanced_accuracy` and `accuracy`, fractions.
    """
    if kind == "discrete":
        return {"balanced_accuracy": _balanced(truth, predicted), "accuracy": float((truth == predicted).mean())}
    if kind == "circular":
        error = np.abs(np.angle(np.exp(1j * (predicted - truth)))).mean(axis=1)
        return {"r2": _r2(on_circle(truth), on_circle(predicted)), "median_abs_error": float(np.median(error))}
    error = np.linalg.norm(predicted - truth, axis=1)
    return {"r2": _r2(truth, predicted), "median_abs_error": float(np.median(error))}


def on_circle(angles: np.ndarray) -> np.ndarray:
    """(Q, D) angles -> (Q, 2 D) points."""
    return np.concatenate([np.cos(angles), np.sin(angles)], axis=1)


def chance_scores(kind: str, fitted: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Scores of the best constant: the fitted samples' mean (R2) or median (error), their most frequent class.

    The balanced accuracy of chance is that of any constant among the classes that were there to fit.
    """
    if kind == "discrete":
        constant = np.full(truth.shape, np.bincount(fitted).argmax())
        scores = score_predictions(kind, truth, constant)
        return {**scores, "balanced_accuracy": 1 / len(np.unique(fitted))}
    if kind == "circular":
        mean = np.angle(np.exp(1j * fitted).mean(axis=0))
        return score_predictions(kind, truth, np.broadcast_to(mean, truth.shape))
    middle = np.broadcast_to(np.median(fitted, axis=0), truth.shape)
    mean = np.broadcast_to(fitted.mean(axis=0), truth.shape)
    return {"r2": _r2(truth, mean), "median_abs_error": score_predictions(kind, truth, middle)["median_abs_error"]}


def block_bootstrap(
    score: Callable[[np.ndarray], dict[str, float]], samples: int, *, seed: int = 0, blocks: int = 20, draws: int = 300
) -> dict[str, np.ndarray]:
    """Scores of resampled contiguous blocks: metric -> (draws,).

    Neighbouring samples are not independent; resampling single ones would make intervals far too narrow
    (Künsch 1989, the moving-block bootstrap, here with `blocks` blocks).

    Args:
        score: Maps (n,) sample indices to scores.
        samples: Number of samples scored.
    """
    length = max(1, samples // blocks)
    generator = np.random.default_rng(seed)
    starts = generator.integers(0, samples - length + 1, (draws, -(-samples // length)))
    resampled = [score((row[:, None] + np.arange(length)).ravel()[:samples]) for row in starts]
    return {name: np.array([scores[name] for scores in resampled]) for name in resampled[0]}


def interval(draws: Sequence[dict[str, np.ndarray]]) -> dict[str, list[float]]:
    """95 % percentile interval of the mean over sessions, from each session's bootstrap draws."""
    return {
        name: np.nanpercentile(np.mean([entry[name] for entry in draws], axis=0), [2.5, 97.5]).tolist()
        for name in draws[0]
    }


def _r2(truth: np.ndarray, predicted: np.ndarray) -> float:
    """As scikit-learn's `r2_score`, mean over dimensions, without its checks: a bootstrap asks hundreds of times."""
    if len(truth) < 2:
        return float("nan")
    errors = ((truth - predicted) ** 2).sum(axis=0)
    total = ((truth - truth.mean(axis=0)) ** 2).sum(axis=0)
    of_constant = np.where(errors > 0, 0.0, 1.0)  # where there is no variance to explain
    return float(np.where(total > 0, 1 - errors / np.where(total > 0, total, 1), of_constant).mean())


def _balanced(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Mean recall of the classes that occur in `truth`, as scikit-learn's `balanced_accuracy_score`."""
    counts = np.bincount(truth)
    right = np.bincount(truth[truth == predicted], minlength=len(counts))
    return float((right[counts > 0] / counts[counts > 0]).mean())
