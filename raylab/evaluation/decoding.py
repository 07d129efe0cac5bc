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

    Returns:
        None where there is no labelled sample to fit, fewer than two to score, or no class on both sides.
    """
    if choice is None and score != "valid":
        raise AssertionError("a decoder's settings are chosen on validation")
    reference, fit_at = _labelled(timeline, label, fit, config.max_samples)
    truth, score_at = _labelled(timeline, label, (score,), config.max_samples)
    if not _comparable(reference, truth):
        return None
    candidates = tuple(k for k in config.neighbours if k <= len(fit_at)) or (len(fit_at),)
    ks = (min(choice.neighbours, len(fit_at)),) if choice else candidates
    best: Decoded | None = None
    for metric in (choice.metric,) if choice else metrics:
        key = (metric, max(ks), fit_at.tobytes(), score_at.tobytes())
        found = searches.get(key) if searches is not None else None
        if found is None:
            pool, queries = features[timeline.rows[fit_at]], features[timeline.rows[score_at]]
            found = nearest(pool, queries, k=max(ks), metric=metric)
            if searches is not None:
                searches[key] = found
        for k, predicted in predict(reference, found, ks).items():
            scores = score_predictions(truth.kind, truth.values, predicted)
            decoded = Decoded(truth.kind, scores, truth.values, predicted, k, metric)
            if best is None or decoded.primary > best.primary:
                best = decoded
    return best


def chance(
    timeline: Timeline, config: EvaluationConfig, *, label: str, fit: Sequence[str], score: str
) -> dict[str, float] | None:
    """Scores of the best constant prediction on the same samples."""
    reference, _ = _labelled(timeline, label, fit, config.max_samples)
    truth, _ = _labelled(timeline, label, (score,), config.max_samples)
    if not _comparable(reference, truth):
        return None
    return chance_scores(truth.kind, reference.values, truth.values)


def mean_scores(scores: Sequence[dict[str, float] | None]) -> dict[str, float]:
    """Mean over sessions that have a score."""
    present = [entry for entry in scores if entry is not None]
    return {name: float(np.mean([entry[name] for entry in present])) for name in (present[0] if present else {})}


def _comparable(reference: Label, truth: Label) -> bool:
    """Something to fit, something to score, and, of classes, one in common (repeats of a movie split by repeat
    have none: no decoder could name them)."""
    if not len(reference.values) or len(truth.values) < 2:  # R2 of one sample does not exist
        return False
    return reference.kind != "discrete" or bool(np.isin(truth.values, reference.values).any())


def _labelled(timeline: Timeline, name: str, splits: Sequence[str], limit: int) -> tuple[Label, np.ndarray]:
    """The labelled reference samples of some splits: their labels and positions."""
    label = timeline.reference[name]
    at = reference_samples(timeline, splits, limit)
    at = at[label.labelled[at]]
    return Label(kind=label.kind, values=label.values[at], unit=label.unit, classes=label.classes), at
