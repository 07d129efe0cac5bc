"""The Kalman filter against the filter of the textbook, and against that of statsmodels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.covariance import ledoit_wolf
from statsmodels.tsa.statespace.kalman_filter import KalmanFilter as Reference

from raylab.config.readouts import KalmanConfig
from raylab.data.session import Label
from raylab.evaluation.formulas import on_circle
from raylab.evaluation.readout_method import Course, Readout
from raylab.evaluation.readouts import fit_readout

LONG = (80, 1, 120)  # rows of the continuous parts


def course(parts: tuple[int, ...], seed: int = 0) -> tuple[Course, np.ndarray]:
    """Activity of 7 units around two values that drift, with noise that the units share."""
    random = np.random.default_rng(seed)
    count, mixed = sum(parts), np.random.default_rng(5).normal(size=(2, 7))
    values = random.normal(size=(count, 2)).cumsum(axis=0) / 4 + [50, -3]
    noise = random.normal(size=(count, 1)) + random.normal(size=(count, 7))
    rows = (values - values.mean(0)) @ mixed + 2 * noise + 10
    time = np.arange(count) + np.repeat(np.arange(len(parts)), parts)
    return Course(rows.astype(np.float32), time, np.arange(count)), values


def fitted(order: int, noise: float, shrinkage: float | str, kind: str) -> tuple[Readout, Label]:
    made, values = course(LONG)
    label = Label.continuous(values)
    if kind == "circular":
        label = Label.continuous(np.arctan2(values[:, :1] - 50, values[:, 1:] + 3), kind="circular")
    config = KalmanConfig(kind="kalman", order=order, process_noise=noise, shrinkage=shrinkage)
    return fit_readout(config, made, label), label


def system(
    label: Label, order: int, noise: float, shrinkage: float | str
) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """The state space model as Wu et al. fit it, in the label's units and counts of activity."""
    made, _ = course(LONG)
    targets = on_circle(label.values) if label.kind == "circular" else label.values
    parts = np.split(targets, np.cumsum(LONG)[:-1])
    states = [parts]
    for _ in range(order):
        slopes = [np.gradient(x, axis=0) if len(x) > 1 else 0 * x for x in states[-1]]
        states.append(slopes)
    sequences = [np.concatenate(each, axis=1) for each in zip(*states)]
    middle, spread = np.concatenate(sequences).mean(0), np.concatenate(sequences).std(0)
    sequences = [(each - middle) / spread for each in sequences]
    x = np.concatenate(sequences)
    mean, std = made.rows.astype(float).mean(0), made.rows.astype(float).std(0)
    z = (made.rows.astype(float) - mean) / std
    x1 = np.concatenate([each[:-1] for each in sequences])
    x2 = np.concatenate([each[1:] for each in sequences])
    a = np.linalg.inv(x1.T @ x1) @ x1.T @ x2
    h = np.linalg.inv(x.T @ x) @ x.T @ z
    q = (z - x @ h).T @ (z - x @ h) / len(z)
    if shrinkage == "auto":
        q = ledoit_wolf(z - x @ h, assume_centered=True)[0]
    w = noise * (x2 - x1 @ a).T @ (x2 - x1 @ a) / (len(x1) - 1)
    model = {"a": a.T, "h": h.T, "q": q, "w": w, "p": x.T @ x / len(x), "mean": mean, "std": std}
    return model, middle[: targets.shape[1]], spread[: targets.shape[1]]


def textbook(model: dict[str, np.ndarray], rows: np.ndarray) -> np.ndarray:
    """Prediction and update with Kalman's gain, row by row of one continuous part."""
    a, h, q, w, p = (model[name] for name in "ahqwp")
    x, states = np.zeros(len(a)), []
    for at, z in enumerate((rows.astype(float) - model["mean"]) / model["std"]):
        if at:
            x, p = a @ x, a @ p @ a.T + w
        gain = p @ h.T @ np.linalg.inv(h @ p @ h.T + q)
        x, p = x + gain @ (z - h @ x), (np.eye(len(a)) - gain @ h) @ p
        states.append(x)
    return np.array(states)


def statsmodels(model: dict[str, np.ndarray], rows: np.ndarray) -> np.ndarray:
    size = len(model["a"])
    filter_ = Reference(k_endog=len(model["h"]), k_states=size, design=model["h"])
    filter_["obs_cov"], filter_["transition"] = model["q"], model["a"]
    filter_["selection"], filter_["state_cov"] = np.eye(size), model["w"]
    filter_.initialize_known(np.zeros(size), model["p"])
    filter_.bind(((rows.astype(float) - model["mean"]) / model["std"]).copy())
    return np.asarray(filter_.filter().filtered_state.T)


@pytest.mark.parametrize("kind", ["continuous", "circular"])
@pytest.mark.parametrize(
    ("order", "noise", "shrinkage"), [(0, 1.0, "none"), (1, 0.1, "auto"), (2, 10.0, "none")]
)
def test_kalman(order: int, noise: float, shrinkage: str, kind: str) -> None:
    readout, label = fitted(order, noise, shrinkage, kind)
    model, middle, spread = system(label, order, noise, shrinkage)
    asked, _ = course((60, 40), seed=1)
    predicted = readout.predict(asked).values
    for reference in (textbook, statsmodels):
        states = [reference(model, rows) for rows in np.split(asked.rows, [60])]
        expected = np.concatenate(states)[:, : len(middle)] * spread + middle
        if kind == "circular":
            expected = np.arctan2(expected[:, 1:], expected[:, :1])
        np.testing.assert_allclose(predicted, expected, rtol=1e-7, atol=1e-7)


def test_examples_are_some_of_the_rows_that_are_filtered() -> None:
    readout, _ = fitted(1, 1.0, "auto", "continuous")
    asked, _ = course((60, 40), seed=1)
    every = readout.predict(asked).values
    at = np.array([3, 20, 70])
    np.testing.assert_array_equal(readout.predict(replace(asked, at=at)).values, every[at])
    # Rows of one part tell nothing of another part.
    changed = asked.rows.copy()
    changed[:60] += 5
    np.testing.assert_allclose(
        readout.predict(replace(asked, rows=changed)).values[60:], every[60:], rtol=1e-12
    )


def test_silent_units_do_not_break_the_filter() -> None:
    made, values = course(LONG)
    silent = np.zeros((len(made.rows), 3), np.float32)
    silent[4, 1] = 1e-3  # almost silent in training, and active later
    asked, truth = course((100,), seed=1)
    active = np.ones((100, 3), np.float32)
    config = KalmanConfig(kind="kalman", order=0, process_noise=1.0)
    alone = fit_readout(config, made, Label.continuous(values)).predict(asked).values
    wide = replace(made, rows=np.concatenate([made.rows, silent], axis=1))
    predicted = fit_readout(config, wide, Label.continuous(values)).predict(
        replace(asked, rows=np.concatenate([asked.rows, active], axis=1))
    )
    error, before = (np.abs(each - truth).mean() for each in (predicted.values, alone))
    assert error < 2 * before
