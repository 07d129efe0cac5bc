"""The Wiener filter and cascade against scikit-learn's least squares and numpy's polynomials."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import dataset, session
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from raylab.config.parse import parse_trial
from raylab.config.readouts import WienerCascadeConfig, WienerConfig
from raylab.data.session import Label
from raylab.data.shard import whole_shard
from raylab.data.views.view import view_activity
from raylab.evaluation.formulas import on_circle
from raylab.evaluation.readouts import fit_readout
from raylab.training.loop import Training

WIENER = WienerConfig(kind="wiener")


def case(examples: int, features: int, offset: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Features and two values that a cube bends."""
    random = np.random.default_rng(examples + features)
    x = random.normal(size=(examples, features)) * random.uniform(0.1, 10, features)
    mixed = (x - x.mean(0)) / x.std(0) @ random.normal(size=(features, 2)) / features**0.5
    values = mixed**3 + mixed + 0.3 * random.normal(size=mixed.shape) + offset
    return (x + offset).astype(np.float32), values


@pytest.mark.parametrize(
    ("examples", "features", "offset"), [(300, 12, 0.0), (300, 12, 1000.0), (60, 150, 0.0)]
)
def test_wiener(examples: int, features: int, offset: float) -> None:
    x, values = case(examples + 40, features, offset)
    angles = np.arctan2(values[:, :1] - offset, values[:, 1:] - offset)
    fitted, asked = x[:examples], x[examples:]
    model = make_pipeline(StandardScaler(), LinearRegression())
    for label, targets in (
        (Label.continuous(values[:examples]), values),
        (Label.continuous(angles[:examples], kind="circular"), on_circle(angles)),
    ):
        expected = model.fit(fitted.astype(float), targets[:examples]).predict(asked.astype(float))
        if label.kind == "circular":
            expected = np.arctan2(expected[:, 1:], expected[:, :1])
        prediction = fit_readout(WIENER, fitted, label).predict(asked).values
        np.testing.assert_allclose(prediction, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("degree", [1, 2, 3, 5])
def test_wiener_cascade(degree: int) -> None:
    x, values = case(400, 8)
    fitted, asked, label = x[:300], x[300:], Label.continuous(values[:300])
    config = WienerCascadeConfig(kind="wiener_cascade", degree=degree)
    prediction = fit_readout(config, fitted, label).predict(asked).values
    linear = fit_readout(WIENER, fitted, label)
    before, after = linear.predict(fitted).values, linear.predict(asked).values
    for dim in range(2):
        polynomial = np.polyfit(before[:, dim], values[:300, dim], degree)
        within = after[:, dim].clip(before[:, dim].min(), before[:, dim].max())
        np.testing.assert_allclose(prediction[:, dim], np.polyval(polynomial, within), atol=1e-8)
    if degree == 3:  # a cube is what it was made with
        assert r2_score(values[300:], prediction) > r2_score(values[300:], after) + 0.03


def test_a_window_of_the_past(tmp_path: Path) -> None:
    """A trial predicts what least squares on the row of a sample and those before it predicts."""
    data = dataset(tmp_path / "ds", session(samples=300, units=5))
    value: dict[str, Any] = {
        "task": {"kind": "decoder", "label": "position"},
        "input": {"window": 4, "align": "past"},
        "view": {"zscore": False},
        "model": {"kind": "wiener"},
    }
    config = parse_trial(value, "test")
    assert '"align":"past"' in config.model_dump_json()
    for without in (
        {"input": {"window": 4}},
        {"input": {"window": 1, "align": "past"}},  # where it makes no difference
        {"evaluation": {"per": "segment"}},
    ):
        assert "align" not in parse_trial({**value, **without}, "test").model_dump_json()
    training = Training(config, data, whole_shard(data, config.view, config.sessions))
    training.advance()
    prediction = training.task.predictions(config, training.model, training.shard, "valid")["rat"]

    activity = view_activity(data.open("rat"), config.view)[0].astype(float)
    parts = training.shard["rat"].timeline.parts
    windows, starts = np.zeros((len(activity), 20)), parts[:, 0]
    for row in range(len(activity)):
        first = starts[np.searchsorted(starts, row, side="right") - 1]
        windows[row] = activity[np.maximum(np.arange(row - 3, row + 1), first)].ravel()
    truth = data.open("rat").labels["position"].values
    train, valid = (
        np.concatenate([np.arange(a, b) for a, b, code in parts if code == split])
        for split in (0, 1)
    )
    oracle = LinearRegression().fit(windows[train], truth[train])
    np.testing.assert_allclose(prediction.predicted, oracle.predict(windows[valid]), atol=1e-6)
