"""Numerical trouble of a trial: found early, named, or harmless."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers import dataset, session, trial
from trainings import training

from raylab.data.dataset import Dataset
from raylab.data.session import Label
from raylab.errors import TrainingError
from raylab.tasks.protocol import Comm


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return dataset(
        tmp_path_factory.mktemp("training") / "ds", session("a"), session("b", units=4, seed=1)
    )


def test_a_loss_that_is_no_number_ends_the_trial(made: Dataset) -> None:
    one = training(trial(), made)
    with torch.no_grad():
        next(one.model.parameters()).fill_(float("nan"))
    with pytest.raises(TrainingError, match="the loss is nan at step 0") as caught:
        one.advance()
    assert "learning_rate" in caught.value.remedy


def test_trouble_is_found_long_before_the_next_validation(
    made: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = training(trial(training={"max_steps": 5000, "validate_every": 5000}), made)
    whole = one.task.backward

    def poisoned(model: torch.nn.Module, batch: Any, comm: Comm) -> torch.Tensor:
        loss = whole(model, batch, comm)
        return loss * float("inf") if one.step == 70 else loss

    monkeypatch.setattr(one.task, "backward", poisoned)
    with pytest.raises(TrainingError, match="the loss is inf at step 70"):
        one.advance()
    assert one.step <= 128


def test_weights_that_break_in_the_last_step_are_found_before_they_are_scored(
    made: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loss was a number still, and among NaN embeddings a nearest neighbour is found as
    well.
    """
    one = training(trial(training={"max_steps": 5}), made)
    update = one.optimizer.step

    def broken() -> None:
        update()
        if one.step == 4:
            one.trained.stretches[0].data[0] = float("nan")

    monkeypatch.setattr(one.optimizer, "step", broken)
    with pytest.raises(TrainingError, match="a weight is no longer finite at step 5"):
        one.advance()


@pytest.mark.parametrize("kind", ["offset10", "attention"])
def test_zero_vectors_and_an_embedding_of_one_point_stay_finite(made: Dataset, kind: str) -> None:
    """By hand and by autograd. Every window is embedded at 0, which has no direction; nothing is
    learnt from that.
    """
    one = training(trial(model={"encoder": {"kind": kind, "hidden_units": 8}}), made)
    with torch.no_grad():
        one.trained.stretches[0].zero_()
    assert one.advance() == pytest.approx(np.log(16), abs=1e-4)
    metrics = one.validate().metrics
    assert all(np.isfinite(value) for value in metrics.values())
    assert metrics["goodness_of_fit"] == pytest.approx(0, abs=1e-3)
    assert metrics["decoding.r2"] < 0.1


def test_a_batch_larger_than_the_data_draws_samples_again(tmp_path: Path) -> None:
    few = dataset(tmp_path / "ds", session(samples=60))
    one = training(trial(training={"batch_size": 1024, "max_steps": 2}), few)
    (rows,) = one.batch(0)[0].rows
    assert rows.shape == (3 * 1024,)
    assert rows.unique().numel() < 40
    assert np.isfinite(one.advance())
    assert all(np.isfinite(value) for value in one.validate().metrics.values())


@pytest.mark.parametrize(
    ("label", "conditional", "said"),
    [
        (Label.continuous(np.full(400, 0.5)), "time_delta", "one value only"),
        (Label.continuous(np.full(400, 0.5)), "delta", "one value only"),
        (Label.discrete(np.full(400, "left")), "discrete", "one class only"),
    ],
)
def test_a_label_of_one_value_defines_no_pairs(
    tmp_path: Path, label: Label, conditional: str, said: str
) -> None:
    constant = dataset(tmp_path / "ds", session(labels={"position": label}))
    with pytest.raises(TrainingError, match=f"session 'rat': the label has {said}"):
        training(trial(sampling={"conditional": conditional}), constant)


@pytest.mark.parametrize(
    "label", [Label.continuous(np.full(400, 0.5)), Label.discrete(np.full(400, "left"))]
)
def test_a_label_of_one_value_has_no_decoding_score(tmp_path: Path, label: Label) -> None:
    """R2 and accuracy of the one value there is would be 1."""
    one = training(trial(), dataset(tmp_path / "ds", session(labels={"position": label})))
    metrics = one.validate().metrics
    assert "goodness_of_fit" in metrics
    assert not [name for name in metrics if name.startswith("decoding")]
