"""scorer: to be described."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from statistics import median_low
from typing import Any

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


class Scorer:
    """Scores of one model on one split."""

    def __init__(self, model: Model, dataset: Dataset, split: str) -> None:
        self.model, self.split = model, split
        self.fit = ("train",) if split == "valid" else ("train", "valid")
        self.config = model.config.evaluation
        self.shard = whole_shard(dataset, model.config.view, model.config.sessions)
        task = get_task(model.config)
        first = next(iter(self.shard.values())).timeline
        self.label = decoded_label(model.config, first)
        self.said = task.predictions(model.config, model.module, self.shard, split)
        self.decoded: dict[str, dict[str, Decoded]] = {}
        embedded = self.said is None
        self.embeddings = (
            {name: model.embed(session) for name, session in self.shard.items()} if embedded else {}
        )

    def scores(self, labels: Sequence[str]) -> dict[str, Any]:
        self.decoded = sessions = self.read(labels)
        scored = {
            label: [found[label] for found in sessions.values() if label in found]
            for label in labels
            if any(label in found for found in sessions.values())
        }
        return {
            "scores": {
                label: mean_scores([one.scores for one in found]) for label, found in scored.items()
            },
            "intervals": {
                label: interval([resampled(one) for one in found])
                for label, found in scored.items()
            },
            "permuted": {label: permuted(found) for label, found in scored.items()},
            "sessions": {
                name: {label: one.scores for label, one in found.items()}
                for name, found in sessions.items()
            },
            "fitted": {label: list(found[0].fitted) for label, found in scored.items()},
        }

    def read(self, labels: Sequence[str]) -> dict[str, dict[str, Decoded]]:
        """Session -> label -> what the model says of it, or what is decoded from its embedding."""
        return (
            self._said(labels) if self.said is not None else self._decode(self.embeddings, labels)
        )

    def _said(self, labels: Sequence[str]) -> dict[str, dict[str, Decoded]]:
        """Of a decoder, which knows one label."""
        label, said = self.label or "", self.said or {}
        return {
            name: {label: said[name]} if label in labels and name in said else {}
            for name in self.shard
        }

    def own_input(self, labels: Sequence[str]) -> dict[str, dict[str, float]]:
        """The winner's own input without the model: its viewed windows, flattened. What the encoder
        must beat.

        Of sessions that have samples to fit: windows of different units share no space.
        """
        found: dict[str, list[dict[str, float]]] = {label: [] for label in labels}
        for name, session in self.shard.items():
            if session.timeline.training_rows:
                own = {name: session.x.numpy()}
                for label, one in self._decode(own, labels, self.model.receptive_field)[
                    name
                ].items():
                    found[label].append(one.scores)
        return {label: mean_scores(entries) for label, entries in found.items() if entries}

    def _decode(
        self,
        features: Mapping[str, np.ndarray],
        labels: Sequence[str],
        window: tuple[int, int] = (0, 1),
    ) -> dict[str, dict[str, Decoded]]:
        """Every label of every session in `features`, with settings chosen on validation."""
        searches: dict[str, Searches] = {name: {} for name in features}

        def valid(name: str, label: str) -> Decoded | None:
            return self._one(features, name, label, searches[name], window)

        chosen = self._each(features, labels, valid)
        if self.split == "valid":
            return chosen

        def test(name: str, label: str) -> Decoded | None:
            choice = _choice(chosen, name, label)
            return (
                self._one(features, name, label, searches[name], window, choice) if choice else None
            )

        return self._each(features, labels, test)

    def _each(
        self, names: Iterable[str], labels: Sequence[str], one: Callable[[str, str], Decoded | None]
    ) -> dict[str, dict[str, Decoded]]:
        found: dict[str, dict[str, Decoded]] = {}
        for name in names:
            known = (label for label in labels if label in self.shard[name].timeline.reference)
            found[name] = {
                label: decoded for label in known if (decoded := one(name, label)) is not None
            }
        return found

    def _one(
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
    """What validation chose: for this session, or, where it has no validation samples, in the
    middle of the others (of settings that have no order, most often).
    """
    own = chosen[name].get(label)
    if own is not None:
        return own.choice
    others = [found[label].choice for found in chosen.values() if label in found]
    neighbours = [one for one in others if isinstance(one, KnnConfig)]
    if neighbours:
        middle = median_low(one.neighbours for one in neighbours)
        return neighbours[0].model_copy(update={"neighbours": middle})
    return Counter(others).most_common(1)[0][0] if others else None


def resampled(decoded: Decoded) -> dict[str, np.ndarray]:
    """Scores of resampled examples: whole presentations and trials, or blocks of time."""

    def score(at: np.ndarray) -> dict[str, float]:
        return _scores(decoded, decoded.truth[at], at)

    if decoded.grouped:
        return group_bootstrap(score, decoded.groups)
    return block_bootstrap(score, len(decoded.truth))


def permuted(sessions: Sequence[Decoded]) -> dict[str, dict[str, float]]:
    """What the same predictions reach against labels of other presentations, trials or times; means
    over sessions.
    """
    draws = [permuted_scores(partial(_scores, one), one.truth, one.groups) for one in sessions]
    return chance_of(mean_scores([one.scores for one in sessions]), draws)


def _scores(
    decoded: Decoded, truth: np.ndarray, at: np.ndarray | slice = slice(None)
) -> dict[str, float]:
    likely = None if decoded.class_scores is None else decoded.class_scores[at]
    return score_predictions(
        decoded.kind, truth, decoded.predicted[at], likely, frames=decoded.frames
    )
