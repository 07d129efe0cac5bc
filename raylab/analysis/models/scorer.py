"""Decoding scores of one trained model on one split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median_low

import numpy as np

from raylab.config.readouts import KnnConfig, ReadoutConfig
from raylab.data.dataset import Dataset
from raylab.data.shard import whole_shard
from raylab.evaluation.bootstrap import block_bootstrap, group_bootstrap, interval
from raylab.evaluation.chance import chance_of, permuted_scores
from raylab.evaluation.decoding import Decoded, decode, mean_scores
from raylab.evaluation.reading import Searches
from raylab.evaluation.scores import score_predictions
from raylab.tasks.embedding import session_pool
from raylab.tasks.families import get_task
from raylab.tasks.labels import decoded_label
from raylab.training.model import Model

LabelScores = Mapping[str, Mapping[str, float]]  # label -> metric -> value
Interval = Sequence[float]  # (low, high)
Permuted = Mapping[str, Mapping[str, float]]  # metric -> {"mean", "low", "high", "p"}
DecodedLabels = dict[str, Decoded]  # by label


@dataclass(frozen=True)
class Scores:
    """Scores of every label, means over sessions; `raylab.evaluate` describes the fields."""

    scores: LabelScores
    intervals: Mapping[str, Mapping[str, Interval]]
    permuted: Mapping[str, Permuted]
    sessions: Mapping[str, LabelScores]
    fitted: Mapping[str, Sequence[str]]


class Scorer:
    """Scores of one model on one split.

    A model that predicts its label itself (a decoder) is scored by its predictions. Of any other
    model, every label is decoded from the embedding.

    Attributes:
        decoded: What `scores` decoded: session -> label.
    """

    def __init__(self, model: Model, dataset: Dataset, split: str) -> None:
        self.model, self.split = model, split
        self.fit = ("train",) if split == "valid" else ("train", "valid")
        self.config = model.config.evaluation
        self.shard = whole_shard(dataset, model.config.view, model.config.sessions)
        task = get_task(model.config)
        first = next(iter(self.shard.values())).timeline
        self.label = decoded_label(model.config, first)
        self.predictions = task.predictions(model.config, model.module, self.shard, split)
        self.decoded: dict[str, DecodedLabels] = {}
        embedded = self.predictions is None
        self.embeddings = (
            {name: model.embed(session) for name, session in self.shard.items()} if embedded else {}
        )

    def scores(self, labels: Sequence[str]) -> Scores:
        """Scores of all labels, with intervals and the scores of permuted labels."""
        self.decoded = sessions = self.read(labels)
        by_label = {
            label: [decoded[label] for decoded in sessions.values() if label in decoded]
            for label in labels
            if any(label in decoded for decoded in sessions.values())
        }
        return Scores(
            scores={
                label: mean_scores([decoded.scores for decoded in each])
                for label, each in by_label.items()
            },
            intervals={
                label: interval([resampled(decoded) for decoded in each])
                for label, each in by_label.items()
            },
            permuted={label: permuted(each) for label, each in by_label.items()},
            sessions={
                session: {label: decoded.scores for label, decoded in each.items()}
                for session, each in sessions.items()
            },
            fitted={label: list(each[0].fitted) for label, each in by_label.items()},
        )

    def read(self, labels: Sequence[str]) -> dict[str, DecodedLabels]:
        """Session -> label -> what the model predicts, or what is decoded from its embedding."""
        if self.predictions is None:
            return self._decode(self.embeddings, labels)
        label, predictions = self.label or "", self.predictions
        return {
            name: {label: predictions[name]} if label in labels and name in predictions else {}
            for name in self.shard
        }

    def own_input(self, labels: Sequence[str]) -> dict[str, dict[str, float]]:
        """Label -> metric -> score of the model's own input, which the encoder must beat.

        The input is the windows of the view, flattened. Sessions without training samples are left
        out, since windows of different units have no space in common.
        """
        scores: dict[str, list[dict[str, float]]] = {label: [] for label in labels}
        for name, session in self.shard.items():
            if session.timeline.training_rows:
                own = {name: session.x.numpy()}
                decoded = self._decode(own, labels, self.model.receptive_field)
                for label, each in decoded[name].items():
                    scores[label].append(each.scores)
        return {label: mean_scores(entries) for label, entries in scores.items() if entries}

    def _decode(
        self,
        features: Mapping[str, np.ndarray],
        labels: Sequence[str],
        window: tuple[int, int] = (0, 1),
    ) -> dict[str, DecodedLabels]:
        """Every label of every session in `features`, with settings chosen on validation."""
        searches: dict[str, Searches] = {name: {} for name in features}

        def valid(name: str, label: str) -> Decoded | None:
            return self._decode_label(features, name, label, searches[name], window)

        chosen = self._each(features, labels, valid)
        if self.split == "valid":
            return chosen

        def test(name: str, label: str) -> Decoded | None:
            choice = _choice(chosen, name, label)
            if choice is None:
                return None
            return self._decode_label(features, name, label, searches[name], window, choice)

        return self._each(features, labels, test)

    def _each(
        self,
        names: Iterable[str],
        labels: Sequence[str],
        decode_label: Callable[[str, str], Decoded | None],
    ) -> dict[str, DecodedLabels]:
        by_session: dict[str, DecodedLabels] = {}
        for name in names:
            known = (label for label in labels if label in self.shard[name].timeline.reference)
            by_session[name] = {
                label: decoded
                for label in known
                if (decoded := decode_label(name, label)) is not None
            }
        return by_session

    def _decode_label(
        self,
        features: Mapping[str, np.ndarray],
        name: str,
        label: str,
        searches: Searches,
        window: tuple[int, int],
        choice: ReadoutConfig | None = None,
    ) -> Decoded | None:
        split, fit = (self.split, self.fit) if choice else ("valid", ("train",))
        timelines = {each: session.timeline for each, session in self.shard.items()}
        pool = session_pool(
            self.model.config, timelines, features, session=name, label=label, fit=fit
        )
        return decode(
            features[name],
            timelines[name],
            self.config,
            label=label,
            fit=fit,
            score=split,
            choice=choice,
            searches=searches,
            pool=pool,
            window=window,
        )


def _choice(
    chosen: Mapping[str, Mapping[str, Decoded]], name: str, label: str
) -> ReadoutConfig | None:
    """The settings that validation chose for this session.

    A session without validation samples takes those of the others: their median number of
    neighbours, or, of settings without an order, the most frequent.
    """
    own = chosen[name].get(label)
    if own is not None:
        return own.choice
    others = [decoded[label].choice for decoded in chosen.values() if label in decoded]
    neighbours = [choice for choice in others if isinstance(choice, KnnConfig)]
    if neighbours:
        middle = median_low(choice.neighbours for choice in neighbours)
        return neighbours[0].model_copy(update={"neighbours": middle})
    return Counter(others).most_common(1)[0][0] if others else None


def resampled(decoded: Decoded) -> dict[str, np.ndarray]:
    """Metric -> scores of resampled examples, for intervals.

    What is drawn is a whole presentation or trial, or a block of time, because samples within one
    are not independent.
    """

    def score(at: np.ndarray) -> dict[str, float]:
        return _scores(decoded, decoded.truth[at], at)

    if decoded.grouped:
        return group_bootstrap(score, decoded.groups)
    return block_bootstrap(score, len(decoded.truth))


def permuted(sessions: Sequence[Decoded]) -> dict[str, dict[str, float]]:
    """Metric -> {"mean", "low", "high", "p"} of the same predictions against permuted labels.

    Labels are permuted among presentations, trials or blocks of time. Scores are means over
    sessions.
    """
    draws = [
        permuted_scores(partial(_scores, decoded), decoded.truth, decoded.groups)
        for decoded in sessions
    ]
    return chance_of(mean_scores([decoded.scores for decoded in sessions]), draws)


def _scores(
    decoded: Decoded, truth: np.ndarray, at: np.ndarray | slice = slice(None)
) -> dict[str, float]:
    likely = None if decoded.class_scores is None else decoded.class_scores[at]
    return score_predictions(
        decoded.kind, truth, decoded.predicted[at], likely, frames=decoded.frames
    )
