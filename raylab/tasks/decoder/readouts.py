"""Fitting the readouts of a decoder: their settings are chosen on validation examples."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from raylab.config.decoder import DecoderTrial
from raylab.config.readouts import UNWEIGHTED, ReadoutConfig
from raylab.data.examples import Examples
from raylab.data.session import Label
from raylab.data.shard import SessionShard, Shard
from raylab.evaluation.decoding import Decoded
from raylab.evaluation.ensembles.probabilities import session_probabilities
from raylab.evaluation.reading import primary_score
from raylab.evaluation.readout_method import Features
from raylab.evaluation.readouts import (
    Readout,
    choose_readout,
    each_readout,
    fit_readout,
    restricted,
)
from raylab.tasks.decoder.courses import course_of, joined
from raylab.tasks.decoder.examples import all_examples, example_activity, fitted_limit
from raylab.tasks.decoder.model import DecoderModel
from raylab.tasks.decoder.predictions import decoded_examples, scored_examples
from raylab.tasks.protocol import Candidate


def fit_readouts(
    config: DecoderTrial, model: DecoderModel, shard: Shard, examples: Mapping[str, Examples]
) -> None:
    """Fit one readout per place on training examples, in place. Settings that the config leaves
    open are chosen on validation examples.

    Raises:
        TrainingError: a session that needs a readout of its own has too few examples.
    """
    for place in range(len(model.readouts)):
        model.store_readout(place, *_chosen(config, model, shard, examples, place))


def refitted(config: DecoderTrial, model: DecoderModel, shard: Shard) -> DecoderModel:
    """A copy of the model whose readouts are fitted on training and validation examples, with the
    settings that validation chose. Every decoder that is fitted in one call is scored on the test
    split in this way.
    """
    refit = copy.deepcopy(model)
    for place in range(len(model.readouts)):
        settings = model.settings(place)
        both = _place_examples(
            config, model, shard, place, ("train", "valid"), fitted_limit(config)
        )
        readout = fit_readout(
            settings, *_concatenated(config, model, both), config.evaluation.scale
        )
        refit.store_readout(place, settings, readout)
    return refit


def _chosen(
    config: DecoderTrial,
    model: DecoderModel,
    shard: Shard,
    examples: Mapping[str, Examples],
    place: int,
) -> tuple[ReadoutConfig, Readout]:
    """The settings that are best on validation, and the readout of the training examples."""
    assert isinstance(config.model, ReadoutConfig)
    names = [name for name in shard if model.place[name] == place]
    fit = _concatenated(config, model, {name: (shard[name], examples[name]) for name in names})
    limit = config.evaluation.max_samples
    held_out = _place_examples(config, model, shard, place, ("valid",), limit)
    valid = _concatenated(config, model, held_out)
    return choose_readout(config.model, fit, valid, primary_score, config.evaluation.scale)


def readout_candidates(
    config: DecoderTrial, model: DecoderModel, shard: Shard, examples: Mapping[str, Examples]
) -> Iterator[Candidate]:
    """Every combination of the settings, the same for all places, with what it predicts on
    validation examples. The readouts are fitted on the training examples.
    """
    assert isinstance(config.model, ReadoutConfig)
    names = [[name for name in shard if model.place[name] == at] for at in range(len(model.units))]
    most = max(sum(len(examples[name].rows) for name in held) for held in names)
    settings = restricted(config.model, most, model.rows * max(model.units))
    places = [list(_of_place(config, settings, model, shard, examples, held)) for held in names]
    for fits in zip(*places):
        chosen = {name: value for name, value in fits[0].settings if isinstance(value, tuple)}
        if settings.class_weights == UNWEIGHTED:
            chosen.pop("class_weight", None)
        decoded = {name: fit.decoded[name] for fit in fits for name in fit.decoded}
        yield Candidate(
            {f"model.{name}": list(value) for name, value in chosen.items()},
            decoded,
            partial(_store, model, fits),
            partial(session_probabilities, settings.kind, decoded),
        )


@dataclass(frozen=True)
class _Fit:
    """A readout of one place with one value for each setting, and its validation predictions."""

    settings: ReadoutConfig
    readout: Readout
    decoded: dict[str, Decoded]


def _of_place(
    config: DecoderTrial,
    settings: ReadoutConfig,
    model: DecoderModel,
    shard: Shard,
    examples: Mapping[str, Examples],
    names: Sequence[str],
) -> Iterator[_Fit]:
    fit = _concatenated(config, model, {name: (shard[name], examples[name]) for name in names})
    label = model.target.name
    scored = {name: scored_examples(config, shard[name], label, "valid") for name in names}
    held_out = {name: (shard[name], each) for name, each in scored.items()}
    features, _ = _concatenated(config, model, held_out)
    borders = np.cumsum([len(each.rows) for each in scored.values()])[:-1]
    for single, readout, predicted in each_readout(
        settings, fit, features, config.evaluation.scale
    ):
        outputs = np.split(_as_predicted(model, model.as_outputs(predicted)), borders)
        decoded = {
            name: replace(found, choice=single)
            for (name, each), of in zip(scored.items(), outputs)
            if (found := decoded_examples(model, each, of)) is not None
        }
        yield _Fit(single, readout, decoded)


def _as_predicted(model: DecoderModel, outputs: np.ndarray) -> np.ndarray:
    """In the precision of `outputs_of`, so that a candidate has the score of its own trial."""
    return outputs if model.target.kind == "continuous" else outputs.astype(np.float32)


def _store(model: DecoderModel, fits: Sequence[_Fit]) -> None:
    for place, fit in enumerate(fits):
        model.store_readout(place, fit.settings, fit.readout)


def _place_examples(
    config: DecoderTrial,
    model: DecoderModel,
    shard: Shard,
    place: int,
    splits: Sequence[str],
    limit: int | None,
) -> dict[str, tuple[SessionShard, Examples]]:
    """The labelled examples of some splits, of the sessions that share a readout."""
    label = model.target.name
    return {
        name: (session, all_examples(config, session.timeline, label).labelled(splits, limit))
        for name, session in shard.items()
        if model.place[name] == place
    }


def _concatenated(
    config: DecoderTrial, model: DecoderModel, sessions: Mapping[str, tuple[SessionShard, Examples]]
) -> tuple[Features, Label]:
    """Features and labels of several sessions, with classes numbered as in the target."""
    labels, target = [examples.label for _, examples in sessions.values()], model.target
    discrete = target.kind == "discrete"
    values = [target.encode(label) if discrete else label.values for label in labels]
    classes = target.classes if discrete else ()
    return _features(config, model, sessions), Label(
        kind=labels[0].kind, values=np.concatenate(values), unit=labels[0].unit, classes=classes
    )


def _features(
    config: DecoderTrial, model: DecoderModel, sessions: Mapping[str, tuple[SessionShard, Examples]]
) -> Features:
    if config.sequential:
        return joined(
            [course_of(config, model, session, each.rows) for session, each in sessions.values()]
        )
    features = [
        model.features(model.place[name], example_activity(config, session, examples.rows))
        for name, (session, examples) in sessions.items()
    ]
    return np.concatenate(features)
