"""Trials of the Kalman filter: what it is fitted on, what it filters, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from helpers import dataset, session

from raylab.config.decoder import DecoderTrial
from raylab.config.parse import parse_trial
from raylab.config.splits import BlockedSplits
from raylab.data.dataset import Dataset
from raylab.data.session import Label
from raylab.data.shard import whole_shard
from raylab.errors import ConfigError
from raylab.evaluation.readout_method import Course
from raylab.evaluation.readouts import fit_readout
from raylab.tasks.decoder.model import DecoderModel
from raylab.training.loop import Training


def config_of(model: dict[str, Any], **sections: Any) -> DecoderTrial:
    torch.set_num_threads(1)
    task = {"kind": "decoder", "label": "position"}
    config = parse_trial({"task": task, "model": {"kind": "kalman", **model}, **sections}, "test")
    assert isinstance(config, DecoderTrial)
    return config


def trained(data: Dataset, config: DecoderTrial) -> Training:
    training = Training(config, data, whole_shard(data, config.view, config.sessions))
    training.advance()
    return training


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Position is known of two thirds of the samples."""
    made = []
    for at, name in enumerate("ab"):
        one = session(name, samples=400, units=6, seed=at)
        values = one.labels["position"].values.copy()
        values[(np.arange(400) // 10) % 3 == 0] = np.nan
        labels = {"position": Label.continuous(values)}
        made.append(session(name, samples=400, units=6, seed=at, labels=labels))
    return dataset(tmp_path_factory.mktemp("kalman") / "ds", *made, splits=BlockedSplits(blocks=8))


FIXED = {"order": 1, "process_noise": 0.1}


def test_it_filters_every_row_and_predicts_at_examples(data: Dataset) -> None:
    """As by a readout that gets the activity of whole parts, of which only some are examples."""
    config = config_of(FIXED, evaluation={"max_samples": 20})
    assert config.input.window == 1
    training = trained(data, config)
    found = training.task.predictions(config, training.model, training.shard, "valid")
    for name in "ab":
        shard = training.shard[name]
        parts, activity = shard.timeline.parts, shard.x.numpy()
        truth = data.open(name).labels["position"].values
        time = np.concatenate([np.arange(a, b) + at for at, (a, b, _) in enumerate(parts)])
        train, valid = (
            np.concatenate([np.arange(a, b) for a, b, code in parts if code == split])
            for split in (0, 1)
        )
        label = Label.continuous(truth[train])
        readout = fit_readout(config.model, Course(activity, time, train), label)
        at = valid[np.linspace(0, len(valid) - 1, 20).round().astype(int)]
        at = at[np.isfinite(truth[at, 0])]
        expected = readout.predict(Course(activity, time, at)).values
        np.testing.assert_allclose(found[name].predicted, expected, rtol=1e-9)
        np.testing.assert_array_equal(found[name].truth, truth[at])


@pytest.mark.parametrize("combine", ["separate", "padded"])
def test_settings_are_those_that_are_best_on_validation(data: Dataset, combine: str) -> None:
    noises, sessions = (1e-3, 1e-1, 10.0), {"combine": combine}
    alone = {
        noise: trained(data, config_of({**FIXED, "process_noise": noise}, sessions=sessions))
        for noise in noises
    }
    training = trained(data, config_of({**FIXED, "process_noise": noises}, sessions=sessions))
    model = training.model
    assert isinstance(model, DecoderModel)
    reached = {
        noise: {
            name: decoded.scores["r2"]
            for name, decoded in one.task.predictions(
                one.config, one.model, one.shard, "valid"
            ).items()
        }
        for noise, one in alone.items()
    }
    if combine == "separate":
        for name in "ab":
            best = max(noises, key=lambda noise: reached[noise][name])
            assert model.session_settings(name) == config_of({**FIXED, "process_noise": best}).model
    else:
        assert model.session_settings("a") == model.session_settings("b")


def test_an_embedding_is_the_filter_along_the_rows(data: Dataset) -> None:
    training = trained(data, config_of(FIXED))
    x = training.shard["a"].x
    first, last = x[:30], x[:50]
    embed = training.task.embed
    one, two = (embed(training.model, "a", each) for each in (first, last))
    torch.testing.assert_close(one, two[:30])  # what comes later changes nothing
    assert not torch.allclose(embed(training.model, "a", x[1:2]), one[1:2])


def test_groups_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"kalman.*order of time.*per 'segment'"):
        config_of({}, evaluation={"per": "segment"})
    config = {"task": {"kind": "contrastive"}, "evaluation": {"decoder": {"kind": "kalman"}}}
    with pytest.raises(ConfigError, match="kalman"):
        parse_trial(config, "test")
