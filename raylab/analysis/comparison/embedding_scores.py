"""Decoding scores of several embeddings of the same samples of one trial's sessions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from raylab.analysis.comparison.saved_embeddings import SavedEmbeddings
from raylab.analysis.models.scorer import Interval, LabelScores, resampled
from raylab.analysis.models.trained import Trained
from raylab.config.training import EvaluationConfig
from raylab.data.session import Label
from raylab.data.shard import SessionShard
from raylab.errors import StudyError
from raylab.evaluation.bootstrap import interval
from raylab.evaluation.comparison import METHODS, linear_r2
from raylab.evaluation.decoding import (
    Decoded,
    decode,
    labelled_samples,
    mean_scores,
    reference_samples,
)
from raylab.evaluation.reading import Searches
from raylab.reporting.saved.embedding import Embedding, colourings_of
from raylab.results import Result

METRICS = ("euclidean", "cosine")
DRAWN = 2000
Features = dict[str, np.ndarray]  # by session: (rows of the view, D), NaN where no sample is scored


@dataclass(frozen=True)
class MethodScores(Result):
    """Decoding from one embedding.

    Attributes:
        dimensions: Of the embedding.
        transductive: Whether the method was fitted on the scored samples, too, without their
            labels; None where this is unknown, as of a file.
        scores: {label: {metric: value}}, means over sessions. `linear_r2` is the R2 of a linear map
            to a continuous or circular label, fitted on training samples.
        intervals: {label: {metric: (low, high)}}, 95 % over resampled examples.
    """

    dimensions: int
    transductive: bool | None
    scores: LabelScores
    intervals: Mapping[str, Mapping[str, Interval]]


@dataclass(frozen=True)
class _Label:
    """What was decoded of one label, and the R2 of a linear map where there is one."""

    decoded: Decoded
    linear: float | None

    @property
    def scores(self) -> dict[str, float]:
        linear = {} if self.linear is None else {"linear_r2": self.linear}
        return {**self.decoded.scores, **linear}


class EmbeddingScores:
    """Scores embeddings of the same samples of one trial's sessions.

    Attributes:
        methods: The scores of each embedding added.
        drawn: Of each embedding added, the samples that a figure shows.
    """

    def __init__(self, trained: Trained, split: str, config: EvaluationConfig) -> None:
        self.trained, self.split, self.config = trained, split, config
        self.splits = ("train", "valid") if split == "valid" else ("train", "valid", "test")
        self.methods: dict[str, MethodScores] = {}
        self.drawn: dict[str, Embedding] = {}
        shards = trained.shard.items()
        self.sessions = {
            name: shard
            for name, shard in shards
            if all(len(self.rows(shard, s)) for s in self.splits)
        }
        if not self.sessions:
            raise StudyError(
                f"{trained.study.path}: no session has training, validation and {split} samples"
            )

    def rows(self, shard: SessionShard, *splits: str) -> np.ndarray:
        """Rows of the view of the samples used."""
        timeline = shard.timeline
        samples = reference_samples(timeline, splits or self.splits, self.config.max_samples)
        return np.asarray(timeline.rows[samples])

    def of_model(self) -> Features:
        return {name: self.trained.embed(name, self.splits) for name in self.sessions}

    @cached_property
    def dimensions(self) -> int:
        """Dimensions of the model's embedding."""
        shard = next(iter(self.sessions.values()))
        embedded = self.trained.model.encode(shard.x[:1].numpy(), session=shard.timeline.session)
        return int(embedded.shape[1])

    def of_method(self, name: str, seed: int) -> Features:
        return {
            session: self._reduced(name, shard, seed) for session, shard in self.sessions.items()
        }

    def of_file(self, file: SavedEmbeddings) -> Features:
        return {
            name: file.on_rows(shard.timeline, self.rows(shard))
            for name, shard in self.sessions.items()
        }

    def add(self, name: str, features: Features, *, transductive: bool | None) -> None:
        """Score an embedding, and keep what a figure shows of it."""
        sessions = [self._session(session, points) for session, points in features.items()]
        labels = list(dict.fromkeys(label for decoded in sessions for label in decoded))
        by_label = {
            label: [decoded[label] for decoded in sessions if label in decoded] for label in labels
        }
        self.methods[name] = MethodScores(
            dimensions=next(iter(features.values())).shape[1],
            transductive=transductive,
            scores={
                label: mean_scores([decoded.scores for decoded in each])
                for label, each in by_label.items()
            },
            intervals={
                label: interval([resampled(decoded.decoded) for decoded in each])
                for label, each in by_label.items()
            },
        )
        self.drawn[name] = self._sight(features)

    def _sight(self, features: Features) -> Embedding:
        """The scored samples of the first session, coloured by the study's label."""
        session, points = next(iter(features.items()))
        timeline = self.sessions[session].timeline
        at = reference_samples(timeline, (self.split,), min(self.config.max_samples, DRAWN))
        name = self.trained.study.description["label"]
        label = timeline.reference.get(name) or Label.discrete(
            np.full(len(timeline.samples), session)
        )
        colourings = colourings_of(
            name or "session",
            label.kind,
            label.values[at],
            unit=label.unit,
            classes=label.classes,
        )
        return Embedding(points[timeline.rows[at]], tuple(colourings))

    def _reduced(self, name: str, shard: SessionShard, seed: int) -> np.ndarray:
        training, others = (
            np.unique(self.rows(shard, *splits)) for splits in (("train",), self.splits[1:])
        )
        seen = [
            _windows(shard, rows, *self.trained.model.receptive_field)
            for rows in (training, others)
        ]
        reduced = METHODS[name].reduce(seen[0], seen[1], self.dimensions, seed)
        embedding = np.full((shard.timeline.length, reduced[0].shape[1]), np.nan)
        embedding[training], embedding[others] = reduced
        return embedding

    def _session(self, session: str, features: np.ndarray) -> dict[str, _Label]:
        timeline, searches = self.sessions[session].timeline, Searches()
        by_label = {}
        for label in timeline.reference:
            decoded = decode(
                features,
                timeline,
                self.config,
                label=label,
                fit=("train",),
                score="valid",
                metrics=METRICS,
                searches=searches,
            )
            if decoded and self.split == "test":
                decoded = decode(
                    features,
                    timeline,
                    self.config,
                    label=label,
                    fit=("train", "valid"),
                    score="test",
                    choice=decoded.choice,
                    searches=searches,
                )
            if decoded:
                by_label[label] = _Label(decoded, self._linear(session, features, label))
        return by_label

    def _linear(self, session: str, features: np.ndarray, name: str) -> float | None:
        timeline = self.sessions[session].timeline
        if timeline.reference[name].kind == "discrete":
            return None
        (label, fit), (truth, score) = (
            labelled_samples(timeline, name, (split,), self.config.max_samples)
            for split in ("train", self.split)
        )
        return linear_r2(features[timeline.rows[fit]], label, features[timeline.rows[score]], truth)


def _windows(shard: SessionShard, rows: np.ndarray, left: int, right: int) -> np.ndarray:
    """(len(rows), width * K) windows of the view; at the ends of a part its first or last row
    repeats.
    """
    starts, stops, _ = shard.timeline.parts.T
    part = np.searchsorted(starts, rows, side="right") - 1
    index = np.clip(
        rows[:, None] + np.arange(-left, right), starts[part, None], stops[part, None] - 1
    )
    return shard.x.numpy()[index].reshape(len(rows), -1)
