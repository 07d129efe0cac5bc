"""Early stopping and the best model, in a trial's process: exact through kills, and what is told is
what is kept.
"""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers import dataset, session, trial
from safetensors.numpy import load_file
from trainings import job, same, training

from raylab.data.dataset import Dataset
from raylab.data.session import Label
from raylab.errors import ConfigError, TrainingError
from raylab.training.loop import Training
from raylab.training.model import Model
from raylab.training.worker import describe_round, run_round, start

STOPPING = {"early_stopping": {"patience": 3}, "monitor": "goodness_of_fit", "max_steps": 60}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return dataset(
        tmp_path_factory.mktemp("training") / "ds", session("a"), session("b", units=4, seed=1)
    )


@pytest.mark.parametrize(
    "stopping", [STOPPING, {"keep": "best", "monitor": "goodness_of_fit"}], ids=["stop", "keep"]
)
def test_a_trial_killed_after_any_round_keeps_the_same_model(
    made: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stopping: dict[str, Any]
) -> None:
    """Early stopping, a schedule, clipping and batches in one: stop step, weights, scores and files
    are equal.
    """
    optimizer = {"learning_rate": 0.3, "clip_norm": 1.0, "schedule": {"warmup": 0.1}}
    sections = {"optimizer": optimizer, "training": {**stopping, "accumulate": 2}}
    whole, parts = (job(tmp_path / name, made, **sections) for name in ("whole", "parts"))
    straight = start(whole)
    while not straight.done:
        run_round(straight, whole)
    ended = False
    while not ended:
        with monkeypatch.context() as killed:  # with the model written and its checkpoint not
            killed.setattr(Training, "save", lambda *_, **__: None)
            run_round(start(parts), parts)
        resumed = start(parts)  # a new process for every round
        run_round(resumed, parts)
        ended = resumed.done
    assert (resumed.step, resumed.progress, resumed.stopped) == (
        straight.step,
        straight.progress,
        straight.stopped,
    )
    assert (resumed.stopped is not None) == ("early_stopping" in stopping)
    assert same(straight, resumed)
    for name in ("model", "view", "checkpoint", "embedding"):
        one, other = (
            load_file(next((tmp_path / run).rglob(f"{name}.safetensors")))
            for run in ("whole", "parts")
        )
        assert one.keys() == other.keys()
        assert all(np.array_equal(one[key], other[key]) for key in one), name


def test_early_stopping_restores_the_best_model(made: Dataset, tmp_path: Path) -> None:
    """What is saved and told to the driver is of the best validation, not of the last."""
    told = job(
        tmp_path, made, optimizer={"learning_rate": 0.3}, training={**STOPPING, "max_steps": 200}
    )
    one, metrics, weights = start(told), {}, {}
    while not one.done:
        found = run_round(one, told)
        metrics[one.step], weights[one.step] = found, deepcopy(one.model.state_dict())
    best = max(metrics, key=lambda step: metrics[step]["goodness_of_fit"])
    assert best < one.step == best + 15 < 200
    described = describe_round(one, metrics[one.step])
    assert described["done"]
    assert described["kept"] == {"step": best, "metrics": metrics[best]}
    assert described["stopped"].startswith(
        f"stopped early at step {one.step}: 3 validations in a row"
    )
    kept = Model.load(Path(told.folder) / "model").module.state_dict()
    assert all(torch.equal(kept[name], weights[best][name]) for name in kept)
    assert not any(torch.equal(kept[name], weights[one.step][name]) for name in kept)
    restored = training(one.config, made)
    restored.model.load_state_dict(kept)
    assert restored.validate().metrics.items() <= metrics[best].items()
    embedding = load_file(Path(told.folder) / "embedding.safetensors")["embedding"]
    assert np.array_equal(embedding, restored.validate().arrays["embedding"])


def test_a_trial_that_ended_and_was_not_recorded_says_the_same_again(
    made: Dataset, tmp_path: Path
) -> None:
    told = job(tmp_path, made, optimizer={"learning_rate": 0.3}, training=STOPPING)
    one = start(told)
    while not one.done:
        run_round(one, told)
    again = start(told)
    assert again.done
    run_round(again, told)
    assert (again.step, again.kept, again.stopped) == (one.step, one.kept, one.stopped)


def test_a_monitored_score_that_is_not_there_is_named(made: Dataset, tmp_path: Path) -> None:
    short = dataset(
        tmp_path / "ds", session(labels={"position": Label.continuous(np.full(400, 0.5))})
    )
    told = job(tmp_path, short, training={"keep": "best", "monitor": "decoding.score"})
    with pytest.raises(
        TrainingError, match=r"training\.monitor 'decoding\.score' is nan at step 5"
    ):
        run_round(start(told), told)
    with pytest.raises(
        ConfigError, match=r"training\.monitor: no validation measures 'decoding\.accuracy' here"
    ):
        training(trial(training={"keep": "best", "monitor": "decoding.accuracy"}), made)
