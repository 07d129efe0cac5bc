"""Decoding labels from features on the reference grid: the score by which all models are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from raylab.config import EvaluationConfig
from raylab.data.session import Label
from raylab.data.splits import CODE
from raylab.data.view import Timeline
from raylab.evaluation.neighbours import nearest, predict
from raylab.evaluation.scores import PRIMARY, chance_scores, score_predictions


@dataclass(frozen=True)
class Decoded:
    """One label decoded: predictions and truth of the scored samples, and the choice that was made."""

    kind: str
    scores: dict[str, float]
    truth: np.ndarray
    predicted: np.ndarray
    neighbours: int
    metric: str

    @property
    def primary(self) -> float:
        return self.scores[PRIMARY[self.kind]]


@dataclass(frozen=True)
class Choice:
    """A decoder's settings, chosen on validation."""

    neighbours: int
    metric: str


@dataclass(frozen=True)
class Pool:
    """What a decoder is fitted with where a session has nothing itself: (R, D) features and their labels, all
    labelled, in the scored session's classes."""

    features: np.ndarray
    label: Label


Searches = dict[tuple[str, int, bytes, bytes], np.ndarray]


def reference_samples(timeline: Timeline, splits: Sequence[str], limit: int) -> np.ndarray:
    """Positions in `timeline.samples`, at most `limit` of each split, evenly spaced: the same for every view."""
    chosen = []
    for split in splits:
        held = np.flatnonzero(timeline.splits == CODE[split])
        if len(held) > limit:
            held = held[np.linspace(0, len(held) - 1, limit).round().astype(np.int64)]
        chosen.append(held)
    return np.concatenate(chosen)


def decode(
    features: np.ndarray,
    timeline: Timeline,
    config: EvaluationConfig,
    *,
    label: str,
    fit: Sequence[str],
    score: str,
    metrics: Sequence[str] = ("euclidean",),
    choice: Choice | None = None,
    searches: Searches | None = None,
    pool: Pool | None = None,
) -> Decoded | None:
    """Decode one label of one session with nearest neighbours.

    Args:
        features: (rows of the view, D).
        fit: Splits that supply neighbours.
        score: The split decoded.
        metrics: Distances to choose from.
        choice: Fixed settings; without it, the best on the scored split by the label's primary score.
            Only ever leave it out where `score` is the validation split.
        searches: Neighbours found so far in these `features`: labels that are known on the same samples share them.
        pool: Fitted with where the session has no labelled sample to fit; see `pool_samples`.

    Returns:
        None where there is no labelled sample to fit, fewer than two to score, no class on both sides, or one value
        only: whoever knows nothing then scores 1.
    """
    if choice is None and score != "valid":
        raise AssertionError("a decoder's settings are chosen on validation")
    reference, fit_at = labelled_samples(timeline, label, fit, config.max_samples)
    truth, score_at = labelled_samples(timeline, label, (score,), config.max_samples)
    pooled = pool if not len(fit_at) else None
    reference = pooled.label if pooled else reference
    if not _comparable(reference, truth):
        return None
    most = len(reference.values)
    candidates = tuple(k for k in config.neighbours if k <= most) or (most,)
    ks = (min(choice.neighbours, most),) if choice else candidates
    best: Decoded | None = None
    for metric in (choice.metric,) if choice else metrics:
        key = (metric, max(ks), fit_at.tobytes(), score_at.tobytes())
        found = searches.get(key) if searches is not None and not pooled else None
        if found is None:
            fitted = pooled.features if pooled else features[timeline.rows[fit_at]]
            found = nearest(fitted, features[timeline.rows[score_at]], k=max(ks), metric=metric)
            if searches is not None and not pooled:
                searches[key] = found
        for k, predicted in predict(reference, found, ks).items():
            scores = score_predictions(truth.kind, truth.values, predicted)
            decoded = Decoded(truth.kind, scores, truth.values, predicted, k, metric)
            if best is None or decoded.primary > best.primary:
                best = decoded
    return best


def chance(
    timeline: Timeline,
    config: EvaluationConfig,
    *,
    label: str,
    fit: Sequence[str],
    score: str,
    pool: Pool | None = None,
) -> dict[str, float] | None:
    """Scores of the best constant prediction on the same samples; `pool` as in `decode`."""
    reference, _ = labelled_samples(timeline, label, fit, config.max_samples)
    reference = pool.label if pool and not len(reference.values) else reference
    truth, _ = labelled_samples(timeline, label, (score,), config.max_samples)
    if not _comparable(reference, truth):
        return None
    return chance_scores(truth.kind, reference.values, truth.values)


def mean_scores(scores: Sequence[dict[str, float] | None]) -> dict[str, float]:
    """Mean over sessions that have a score."""
    present = [entry for entry in scores if entry is not None]
    return {name: float(np.mean([entry[name] for entry in present])) for name in (present[0] if present else {})}


def _comparable(reference: Label, truth: Label) -> bool:
    """Something to fit, something to score that differs, and, of classes, one in common (repeats of a movie split by
    repeat have none: no decoder could name them)."""
    if not len(reference.values) or len(truth.values) < 2:  # R2 of one sample does not exist
        return False
    if (truth.values == truth.values[0]).all() and (reference.values == truth.values[0]).all():
        return False
    return reference.kind != "discrete" or bool(np.isin(truth.values, reference.values).any())


def labelled_samples(timeline: Timeline, name: str, splits: Sequence[str], limit: int) -> tuple[Label, np.ndarray]:
    """The labelled reference samples of some splits: their labels and positions."""
    label = timeline.reference[name]
    at = reference_samples(timeline, splits, limit)
    at = at[label.labelled[at]]
    return Label(kind=label.kind, values=label.values[at], unit=label.unit, classes=label.classes), at
