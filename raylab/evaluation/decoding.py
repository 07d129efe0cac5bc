"""Decoding labels from features at the reference samples: the score that compares all models."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from raylab.config.readouts import WHOLE, KnnConfig, NeighboursConfig, ReadoutConfig
from raylab.config.training import EvaluationConfig
from raylab.config.view import ScaleRule
from raylab.data.examples import evenly_spaced, examples_of
from raylab.data.session import Label
from raylab.data.views.view import Timeline
from raylab.evaluation.chance import time_blocks
from raylab.evaluation.metrics import primary
from raylab.evaluation.obstacles import obstacle
from raylab.evaluation.reading import (
    Searches,
    Sides,
    by_neighbours,
    by_readout,
    neighbours_of,
    readable,
)
from raylab.evaluation.readouts import each_readout
from raylab.evaluation.scores import chance_scores, frames_of, score_predictions


@dataclass(frozen=True)
class Decoded:
    """One label decoded: predictions and truth of the scored samples.

    Attributes:
        choice: The decoder with the settings that were chosen; None of a model that decodes itself.
        classes: Of a discrete label: what the codes of `truth` and `predicted` mean.
        frames: Of each class, as `frames_of` gives them.
        class_scores: (n, classes) where the decoder says how likely each is.
        fitted: The splits it was fitted on.
        belongs: (n,) as of `Examples`.
    """

    kind: str
    scores: dict[str, float]
    truth: np.ndarray
    predicted: np.ndarray
    choice: ReadoutConfig | None = None
    classes: tuple[str, ...] = ()
    frames: np.ndarray | None = None
    class_scores: np.ndarray | None = None
    fitted: tuple[str, ...] = ("train",)
    belongs: np.ndarray | None = None

    @property
    def grouped(self) -> bool:
        """Whether presentations or trials say which examples belong together."""
        return self.belongs is not None and bool((self.belongs >= 0).all())

    @property
    def groups(self) -> np.ndarray:
        """(n,) what counts as one where scores are resampled or permuted: blocks of time where
        nothing else says.
        """
        if self.belongs is None or not self.grouped:
            return time_blocks(len(self.truth))
        return self.belongs

    @property
    def primary(self) -> float:
        return self.scores[primary(self.kind)]


@dataclass(frozen=True)
class Pool:
    """What a decoder is fitted with where a session has nothing itself: (R, D) features and their
    labels, all labelled, in the scored session's classes.
    """

    features: np.ndarray
    label: Label


def reference_samples(timeline: Timeline, splits: Sequence[str], limit: int) -> np.ndarray:
    """Positions in `timeline.samples`, at most `limit` of each split, evenly spaced: the same for
    every view.
    """
    return evenly_spaced(timeline.splits, splits, limit)


def decode(
    features: np.ndarray,
    timeline: Timeline,
    config: EvaluationConfig,
    *,
    label: str,
    fit: Sequence[str],
    score: str,
    metrics: Sequence[str] = ("euclidean",),
    choice: ReadoutConfig | None = None,
    searches: Searches | None = None,
    pool: Pool | None = None,
    window: tuple[int, int] = (0, 1),
) -> Decoded | None:
    """Decode one label of one session with the decoder that `config` names, and of its settings
    with those that are best.

    Args:
        features: (rows of the view, D).
        fit: Splits that the decoder is fitted on.
        score: The split decoded.
        metrics: Distances to choose from, of neighbours.
        choice: The decoder with one value for each setting; without it, the best on the scored
            split by the label's primary score.
            Only ever leave it out where `score` is the validation split.
        searches: Neighbours found so far in these `features`: labels that are known on the same
            samples share them.
        pool: Fitted with where the session has no labelled sample to fit; see `pool_samples`.
        window: Rows [-left, right) of the features around a sample that are decoded from; groups
            are seen whole.

    Returns:
        None where the label has no score (see `obstacle`), and where the decoder does not apply to
        such a label.
    """
    if choice is None and score != "valid":
        raise AssertionError("a decoder's settings are chosen on validation")
    task = decoding_of(
        *(features, timeline, config),
        label=label,
        fit=fit,
        score=score,
        kind=(choice or config.decoder).kind,
        pool=pool,
        window=window,
    )
    if task is None:
        return None
    read = _read(task.sides, config, metrics, choice, searches)
    return max((task.by(*each) for each in read), key=lambda decoded: decoded.primary)


@dataclass(frozen=True)
class Decoding:
    """One label of one session with what a decoder is fitted on and what it predicts."""

    sides: Sides
    fitted: tuple[str, ...]
    belongs: np.ndarray
    scale: ScaleRule

    def by(
        self,
        settings: ReadoutConfig,
        predicted: np.ndarray,
        class_scores: np.ndarray | None = None,
    ) -> Decoded:
        """The predictions of a decoder with these settings, with their scores. `class_scores` does
        not matter for the scores.
        """
        reference, truth = self.sides.reference, self.sides.truth
        frames = frames_of(reference)
        scores = score_predictions(truth.kind, truth.values, predicted, frames=frames)
        return Decoded(
            *(truth.kind, scores, truth.values, predicted),
            choice=settings,
            classes=reference.classes,
            frames=frames,
            class_scores=class_scores,
            fitted=self.fitted,
            belongs=self.belongs,
        )

    def each(self, decoder: ReadoutConfig) -> dict[ReadoutConfig, Decoded]:
        """The predictions with each combination of the settings of a decoder."""
        fit = (self.sides.known, self.sides.reference)
        readouts = each_readout(decoder, fit, self.sides.queries, self.scale)
        return {
            settings: self.by(settings, predicted.values, predicted.scores)
            for settings, _, predicted in readouts
        }


def decoding_of(
    features: np.ndarray,
    timeline: Timeline,
    config: EvaluationConfig,
    *,
    label: str,
    fit: Sequence[str],
    score: str,
    kind: str,
    pool: Pool | None = None,
    window: tuple[int, int] = (0, 1),
) -> Decoding | None:
    """What a decoder of `kind` is fitted on and what it predicts; the arguments are of `decode`.

    Returns:
        None where the label has no score (see `obstacle`), and where the decoder does not apply to
        such a label.
    """
    every = examples_of(timeline, label, per=config.per, window=window)
    fitted, scored = (every.labelled(splits, config.max_samples) for splits in (fit, (score,)))
    pooled = pool if not len(fitted.rows) else None
    reference = pooled.label if pooled else fitted.label
    if obstacle(reference, scored.label) or not readable(kind, reference):
        return None
    pooled_features = pooled.features if pooled else None
    sides = Sides(features, fitted.rows, scored.rows, reference, scored.label, pooled_features)
    return Decoding(sides, tuple(fit), scored.belongs, config.scale)


def _read(
    sides: Sides,
    config: EvaluationConfig,
    metrics: Sequence[str],
    choice: ReadoutConfig | None,
    searches: Searches | None,
) -> Iterable[tuple[ReadoutConfig, np.ndarray]]:
    """Settings and what they predict: those that were chosen, or all to choose from (of a readout,
    the best).
    """
    decoder = (choice or config.decoder).for_labels(sides.reference.kind)
    most = len(sides.reference.values)
    ks: Sequence[int]
    if isinstance(decoder, KnnConfig) and decoder.components == WHOLE:
        metrics, ks = decoder.metric, (min(*decoder.neighbours, most),)
    elif isinstance(decoder, NeighboursConfig):
        ks = neighbours_of(config.neighbours, most)
    else:
        return [by_readout(sides, decoder, chosen=choice is not None, scale=config.scale)]
    weights = decoder.class_weights
    return by_neighbours(sides, metrics=metrics, ks=ks, class_weights=weights, searches=searches)


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
    every = examples_of(timeline, label, per=config.per)
    reference, truth = (
        every.labelled(splits, config.max_samples).label for splits in (fit, (score,))
    )
    reference = pool.label if pool and not len(reference.values) else reference
    if obstacle(reference, truth):
        return None
    return chance_scores(truth.kind, reference.values, truth.values, frames=frames_of(reference))


def mean_scores(scores: Sequence[dict[str, float] | None]) -> dict[str, float]:
    """Means over the sessions that have a score."""
    present = [entry for entry in scores if entry is not None]
    return {
        name: float(np.mean([entry[name] for entry in present if name in entry]))
        for name in dict.fromkeys(name for entry in present for name in entry)
    }


def labelled_samples(
    timeline: Timeline, name: str, splits: Sequence[str], limit: int
) -> tuple[Label, np.ndarray]:
    """The labelled reference samples of some splits: their labels and positions."""
    label = timeline.reference[name]
    at = reference_samples(timeline, splits, limit)
    at = at[label.labelled[at]]
    return replace(label, values=label.values[at]), at
