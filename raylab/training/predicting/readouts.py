"""Readouts fitted on the embedding of a model: what makes an embedding predict a label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from raylab.config.readouts import KnnConfig, NeighboursConfig, ReadoutConfig
from raylab.config.training import EvaluationConfig
from raylab.config.trial import TrialConfig
from raylab.data.examples import examples_of, gather
from raylab.data.session import Label
from raylab.data.shard import Shard
from raylab.data.views.variation import label_varies
from raylab.data.views.view import Timeline
from raylab.evaluation.decoding import decode
from raylab.evaluation.ensembles.probabilities import class_probabilities
from raylab.evaluation.reading import readable
from raylab.evaluation.readouts import Readout, fit_readout
from raylab.tasks.embedding import session_pool
from raylab.training.predicting.prediction import Prediction
from raylab.training.predicting.stretch import Stretch, lengthened

FIT = ("train",)


@dataclass(frozen=True)
class SessionReadout:
    """The readout of one session.

    Attributes:
        classes: Of a discrete label, the name of each code that the readout predicts.
        rows: Rows of the embedding that one example has, side by side.
    """

    readout: Readout
    classes: tuple[str, ...]
    rows: int

    def predict(
        self, embedding: np.ndarray, stretch: Stretch, per: str, groups: np.ndarray | None
    ) -> Prediction:
        """The label of every sample of a stretch, or of every trial or group in it.

        Args:
            embedding: (L, D) of every row of the stretch.
        """
        rows = stretch.rows(per, groups)
        rows = lengthened(rows, self.rows, per=per, session=stretch.session)
        predicted = self.readout.predict(gather(embedding, rows))
        likely = None
        if predicted.scores is not None:
            likely = class_probabilities(self.readout.kind, predicted.scores)
        return Prediction(self.readout.label_kind, predicted.values, self.classes, likely)


def fit_session_readouts(
    config: TrialConfig, shard: Shard, embeddings: Mapping[str, np.ndarray], label: str
) -> dict[str, SessionReadout]:
    """Fit a readout of a label for every session that has one, as `decode` fits it.

    A session is fitted on its own training samples. A session that has none is fitted on those of
    the sessions that share its encoder, as `session_pool` gives them. Sessions that allow no
    readout are left out.

    Args:
        config: Of the model. Where a setting of `evaluation.decoder` has several values, each
            session takes the settings that its validation samples choose, as its evaluation did.
        embeddings: (rows of the view, D) of each session.
    """
    timelines = {name: session.timeline for name, session in shard.items()}
    choices, readouts = _choices(config, timelines, embeddings, label), {}
    for name, timeline in timelines.items():
        if label not in timeline.reference:
            continue
        known, reference = _own(timeline, config.evaluation, embeddings[name], label)
        pool = session_pool(config, timelines, embeddings, session=name, label=label, fit=FIT)
        if pool and not len(known):
            known, reference = pool.features, pool.label
        settings = choices.get(name)
        if settings and label_varies(reference) and readable(settings.kind, reference):
            settings = settings.for_labels(reference.kind)
            readout = fit_readout(settings, known, reference, config.evaluation.scale)
            rows = known.shape[1] // embeddings[name].shape[1]
            readouts[name] = SessionReadout(readout, reference.classes, rows)
    return readouts


def _choices(
    config: TrialConfig,
    timelines: Mapping[str, Timeline],
    embeddings: Mapping[str, np.ndarray],
    label: str,
) -> dict[str, ReadoutConfig]:
    """The decoder of each session with one value for each setting. A session whose validation
    cannot choose takes the choice of most others; empty where no session can choose.
    """
    stated = embedding_decoder(config.evaluation)
    if len(stated.candidates()) == 1:
        return dict.fromkeys(timelines, stated)
    chosen: dict[str, ReadoutConfig] = {}
    for name, timeline in timelines.items():
        if label in timeline.reference:
            pool = session_pool(config, timelines, embeddings, session=name, label=label, fit=FIT)
            decoded = decode(
                *(embeddings[name], timeline, config.evaluation),
                label=label,
                fit=FIT,
                score="valid",
                pool=pool,
            )
            if decoded is not None and decoded.choice is not None:
                chosen[name] = decoded.choice
    if not chosen:
        return {}
    (common, _), *_ = Counter(chosen.values()).most_common(1)
    return dict.fromkeys(timelines, common) | chosen


def embedding_decoder(config: EvaluationConfig) -> ReadoutConfig:
    """The decoder of embeddings, with the values of each setting to choose from."""
    if isinstance(config.decoder, NeighboursConfig):
        weights = config.decoder.class_weight
        return KnnConfig(metric=("euclidean",), neighbours=config.neighbours, class_weight=weights)
    return config.decoder


def _own(
    timeline: Timeline, config: EvaluationConfig, embedding: np.ndarray, label: str
) -> tuple[np.ndarray, Label]:
    """The (n, rows * D) features and the label of a session's own training examples."""
    examples = examples_of(timeline, label, per=config.per).labelled(FIT, config.max_samples)
    return gather(embedding, examples.rows), examples.label
