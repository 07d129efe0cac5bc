"""Labels far from zero, or tiny, are decoded as those near one are: nothing is rounded to float32
before it is centred.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers import arrays, dataset, session
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

from raylab.data.session import Label
from raylab.tasks.decoder.predictions import outputs_of
from raylab.tasks.decoder.scale import in_units, scale_of
from raylab.training.loop import Training
from raylab.training.model import Model
from tests.unit.tasks.test_decoder import config_of, training_of

POSITION = arrays()["position"].reshape(400, -1)[:, :1]
OFFSETS = [(1.0, 1.7e9), (1.0, -1e12), (1e-45, 0.0), (1e35, 0.0)]


def trained_on(folder: Path, values: np.ndarray, kind: str, **sections: Any) -> Training:
    data = dataset(folder, session(labels={"y": Label.continuous(values)}))
    training = training_of(data, config_of(kind, "y", **sections))
    while not training.done:
        training.advance()
    return training


def validation_outputs(training: Training) -> np.ndarray:
    training.model.eval()
    session = training.shard["rat"]
    rows = session.timeline.rows[session.timeline.splits == 1]
    field = training.task.receptive_field(training.config)
    windows = rows[:, None] + np.arange(-field[0], field[1])
    part = session.timeline.parts[1]
    return outputs_of(  # type: ignore[arg-type]
        training.config, training.model, session, windows.clip(part[0], part[1] - 1)
    )


@pytest.mark.parametrize("kind", ["ridge", "knn", "svm", "mlp"])
@pytest.mark.parametrize(("scale", "offset"), OFFSETS)
def test_predictions_move_with_the_label(
    tmp_path: Path, kind: str, scale: float, offset: float
) -> None:
    plain = trained_on(tmp_path / "plain", POSITION, kind)
    moved = trained_on(tmp_path / "moved", scale * POSITION + offset, kind)
    outputs, away = validation_outputs(plain), validation_outputs(moved)
    assert outputs.dtype == away.dtype == np.float64
    tolerance = 2e-3 if kind == "mlp" else 1e-3  # 1e12 itself has steps of 1e-4
    np.testing.assert_allclose((away - offset) / scale, outputs, atol=tolerance)
    r2, same = (of.validate().metrics["decoding.r2"] for of in (plain, moved))
    assert same == pytest.approx(r2, abs=1e-3)


def test_ridge_is_that_of_scikit_learn_far_from_zero(tmp_path: Path) -> None:
    y = POSITION + 1.7e9
    config = {"input": {"window": 1}, "model": {"alpha": [1.0]}}
    predicted = validation_outputs(trained_on(tmp_path, y, "ridge", **config))
    training = trained_on(tmp_path / "again", y, "ridge", **config)
    shard = training.shard["rat"]
    x, splits = shard.x.numpy().astype(np.float64), shard.timeline.splits
    scaler = StandardScaler().fit(x[splits == 0])
    theirs = Ridge(1.0).fit(scaler.transform(x[splits == 0]), y[splits == 0])
    expected = theirs.predict(scaler.transform(x[splits == 1])).reshape(-1, 1)
    np.testing.assert_allclose(predicted - 1.7e9, expected - 1.7e9, atol=1e-5)


@pytest.mark.parametrize("kind", ["ridge", "mlp"])
def test_a_saved_model_keeps_the_offset(tmp_path: Path, kind: str) -> None:
    training = trained_on(tmp_path / "data", POSITION + 1.7e9, kind)
    training.save_model(tmp_path / "model")
    activity = session().neural
    embedded = Model.load(tmp_path / "model").transform(activity)
    assert embedded.dtype == np.float64
    # float32 has steps of 128 there.
    assert np.ptp(embedded) < 50
    assert len(np.unique(embedded)) > 100
    kept = training.validate().arrays["embedding"]
    assert len(np.unique(kept)) > 50


def test_near_zero_the_scale_is_what_float32_makes_of_it() -> None:
    """Trials of earlier versions had it so, and still have the same weights to the bit."""
    values = np.random.default_rng(0).normal(3, 2, (50, 2))
    mean, std = scale_of(values, np.ones(2, bool))
    assert mean.dtype == std.dtype == np.float32
    np.testing.assert_array_equal(mean, values.mean(axis=0).astype(np.float32))
    np.testing.assert_array_equal(std, values.std(axis=0).astype(np.float32))
    standard = torch.randn(5, 2)
    old = standard * torch.from_numpy(std).float() + torch.from_numpy(mean).float()
    new = in_units(standard, mean=torch.from_numpy(mean), std=torch.from_numpy(std))
    assert torch.equal(old.double(), new)
