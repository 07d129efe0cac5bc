"""Labels shifted in time, a control: only what training is told changes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import dataset, session, small_study, trial

import raylab
from raylab.config.view import ViewConfig
from raylab.data.shard import whole_shard
from raylab.data.views.view import make_timeline
from raylab.errors import ConfigError, StudyError
from raylab.sampling.shuffling import LEAST, shifted_labels
from raylab.tasks.families import get_task
from raylab.tasks.labels import training_timeline
from raylab.tasks.protocol import Comm


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> raylab.Dataset:
    return dataset(tmp_path_factory.mktemp("shuffling") / "ds", session("a"), session("b", seed=1))


def test_labels_are_shifted_together_inside_training_rows(data: raylab.Dataset) -> None:
    timeline = make_timeline(data.open("a"), ViewConfig(bin_ms=200))
    train = np.concatenate([np.arange(a, b) for a, b, code in timeline.parts if code == 0])
    shifts = set()
    for seed in range(20):
        found = shifted_labels(timeline, seed)
        values, true = (
            found.labels["position"].values[train, 0],
            timeline.labels["position"].values[train, 0],
        )
        (shift,) = [k for k in range(len(train)) if np.array_equal(np.roll(true, k), values)]
        assert LEAST * len(train) - 1 <= shift <= (1 - LEAST) * len(train) + 1
        shifts.add(shift)
        for name, label in timeline.labels.items():
            assert np.array_equal(
                found.labels[name].values[train], np.roll(label.values[train], shift, axis=0)
            )
            rest = np.setdiff1d(np.arange(timeline.length), train)
            assert np.array_equal(found.labels[name].values[rest], label.values[rest])
            assert np.array_equal(found.reference[name].values, timeline.reference[name].values)
    assert len(shifts) > 10
    other = (
        shifted_labels(make_timeline(data.open("b"), ViewConfig(bin_ms=200)), 0)
        .labels["position"]
        .values
    )
    assert not np.array_equal(other, shifted_labels(timeline, 0).labels["position"].values)


def test_training_pairs_are_shuffled_and_nothing_else(data: raylab.Dataset) -> None:
    true, control = (
        trial(sampling={"conditional": "time_delta"}, controls=c) for c in ({}, {"shuffle": 1})
    )
    shard = whole_shard(data, true.view, true.sessions)
    assert training_timeline(true, shard["a"].timeline) is shard["a"].timeline
    task = get_task(true)
    drawn = [
        torch.cat([rows.flatten() for rows in task.batches(config, shard)(0)[0].rows])
        for config in (true, control)
    ]
    assert (
        0 < (drawn[0] != drawn[1]).sum() <= true.training.batch_size
    )  # positives; references and negatives stay
    model = task.build(true, {name: data.sessions[name] for name in shard})
    metrics = [task.validate(config, model, shard, Comm()).metrics for config in (true, control)]
    assert metrics[0] == metrics[1]


def test_a_control_without_labels_is_refused(data: raylab.Dataset, tmp_path: Path) -> None:
    config = trial(sampling={"conditional": "time"}, controls={"shuffle": 1})
    with pytest.raises(ConfigError, match=r"controls.shuffle: .* no label defines positives"):
        get_task(config).check(config, data.sessions)
    study = small_study(tmp_path / "study", data, scores=(0.5,))
    with pytest.raises(StudyError, match="uses no label"):
        raylab.shuffle_labels(study.path)
    assert not (study.path / "controls").exists()
    assert json.loads((study.path / "study.json").read_text())["label"] == "position"
