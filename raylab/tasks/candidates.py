"""What a model predicts on held-out data with each setting that validation can choose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch

from raylab.config.readouts import UNWEIGHTED, KnnConfig, NeighboursConfig, ReadoutConfig
from raylab.config.training import EvaluationConfig
from raylab.config.trial import TrialConfig
from raylab.data.shard import Shard
from raylab.errors import ConfigError
from raylab.evaluation.decoding import Decoding, decoding_of
from raylab.evaluation.ensembles.probabilities import session_probabilities
from raylab.evaluation.reading import neighbours_of
from raylab.tasks.embedding import embed_parts, session_pool
from raylab.tasks.families import get_task
from raylab.tasks.labels import decoded_label
from raylab.tasks.protocol import Candidate


def candidates_of(
    config: TrialConfig, model: torch.nn.Module, shard: Shard, split: str = "valid"
) -> Iterator[Candidate]:
    """The candidates of a model of any family: its own (`Task.candidates`), or each setting of the
    decoder of its embeddings. The model is left in training mode.

    Args:
        shard: Holds whole sessions.
        split: `valid`; `test` only where the config leaves no setting of a decoder open.

    Raises:
        ConfigError: A setting has several values, and no validation sample is left to choose by.
    """
    task = get_task(config)
    model.eval()
    own = task.candidates(config, model, shard, split)
    yield from _of_embeddings(config, model, shard, split) if own is None else own
    model.train()


def _of_embeddings(
    config: TrialConfig, model: torch.nn.Module, shard: Shard, split: str
) -> Iterator[Candidate]:
    decodings = _decodings(config, model, shard, split)
    most = max((len(each.sides.reference.values) for each in decodings.values()), default=1)
    decoder = embedding_decoder(config.evaluation, most)
    if split != "valid" and len(decoder.candidates()) > 1:
        raise ConfigError(
            f"evaluation.decoder {decoder.kind}: a setting has several values and there is no "
            "validation to choose by",
            "Give each setting one value (of knn, evaluation.neighbours).",
        )
    decoded = {name: each.each(decoder) for name, each in decodings.items()}
    for settings in decoder.candidates():
        chosen = {name: each[settings] for name, each in decoded.items()}
        likely = partial(session_probabilities, decoder.kind, chosen)
        yield Candidate(_overrides(config.evaluation, settings), chosen, probabilities=likely)


def embedding_decoder(config: EvaluationConfig, most: int) -> ReadoutConfig:
    """The decoder of embeddings with the settings to choose from.

    Args:
        most: How many examples it is fitted on.
    """
    if not isinstance(config.decoder, NeighboursConfig):
        return config.decoder
    ks = neighbours_of(config.neighbours, most)
    weights = config.decoder.class_weight
    return KnnConfig(metric=("euclidean",), neighbours=ks, class_weight=weights)


def _overrides(config: EvaluationConfig, settings: ReadoutConfig) -> dict[str, Any]:
    if isinstance(settings, KnnConfig):
        numbers = {"evaluation.neighbours": list(settings.neighbours)}
        if config.decoder.class_weights == UNWEIGHTED:
            return numbers
        decoder = NeighboursConfig(class_weight=settings.class_weight)
        return {**numbers, "evaluation.decoder": decoder.model_dump(mode="json")}
    return {"evaluation.decoder": settings.model_dump(mode="json")}


def _decodings(
    config: TrialConfig, model: torch.nn.Module, shard: Shard, split: str
) -> dict[str, Decoding]:
    """The sessions whose label can be decoded from the embedding."""
    # A model that leaves no validation sample has trained on them already.
    fit = ("train", "valid") if split == "test" and config.sessions.validates else ("train",)
    task, wanted = get_task(config), tuple(dict.fromkeys((*fit, split)))
    timelines = {name: session.timeline for name, session in shard.items()}
    embeddings = {
        name: embed_parts(task, model, session, wanted) for name, session in shard.items()
    }
    label = decoded_label(config, next(iter(timelines.values()))) or ""
    each = {
        name: _decoding(config, timelines, embeddings, name, label, fit, split)
        for name in shard
        if label in timelines[name].reference
    }
    return {name: decoding for name, decoding in each.items() if decoding is not None}


def _decoding(
    config: TrialConfig,
    timelines: Mapping[str, Any],
    embeddings: Mapping[str, np.ndarray],
    session: str,
    label: str,
    fit: tuple[str, ...],
    split: str,
) -> Decoding | None:
    return decoding_of(
        *(embeddings[session], timelines[session], config.evaluation),
        label=label,
        fit=fit,
        score=split,
        kind=config.evaluation.decoder.kind,
        pool=session_pool(config, timelines, embeddings, session=session, label=label, fit=fit),
    )
