"""Activity in trials: tensors in any order of their axes, padded trials, one array per trial."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from raylab.data.readers.parts.clock.trial_clock import NOMINAL
from raylab.data.session import Session
from raylab.errors import DataError
from tests.support.recipes import read_arrays

TRIALS, LENGTH, UNITS = 4, 6, 3
TENSOR = np.arange(TRIALS * LENGTH * UNITS, dtype=float).reshape(TRIALS, LENGTH, UNITS)
ARRAYS: dict[str, Any] = {
    "x": TENSOR,
    "condition": np.array(["a", "b", "a", "b"]),
    "goal": np.arange(8.0).reshape(4, 2),
    "speed": TENSOR[..., 0] ** 2,
    "hand": TENSOR[..., :2] ** 2,
    "block": [0, 0, 1, 1],
    "axis": np.arange(LENGTH) / 20,
    "start": np.arange(TRIALS) * 2.0,
    "stamps": np.arange(TRIALS)[:, None] * 2.0 + np.arange(LENGTH) / 20,
}
LABELS = {
    "condition": {"path": "condition", "kind": "discrete"},
    "goal": {"path": "goal", "kind": "continuous"},
    "speed": {"path": "speed", "kind": "continuous"},
    "hand": {"path": "hand", "kind": "continuous", "column": 1},
}


def tensor(
    folder: Path, x: Any = TENSOR, layout: str = "trial_time_neuron", **keys: Any
) -> Session:
    neural = {"path": "x", "kind": "rate", "layout": layout}
    keys = {"time": {"rate_hz": 20}, "labels": LABELS, "groups": {"block": "block"}, **keys}
    return read_arrays(folder, {**ARRAYS, "x": x}, neural=neural, **keys)


@pytest.mark.parametrize(
    ("layout", "axes"),
    [
        ("trial_time_neuron", (0, 1, 2)),
        ("trial_neuron_time", (0, 2, 1)),
        ("time_trial_neuron", (1, 0, 2)),
        ("time_neuron_trial", (1, 2, 0)),
        ("neuron_trial_time", (2, 0, 1)),
        ("neuron_time_trial", (2, 1, 0)),
    ],
)
def test_a_tensor_in_any_order_of_its_axes(
    tmp_path: Path, layout: str, axes: tuple[int, ...]
) -> None:
    session = tensor(tmp_path, TENSOR.transpose(axes), layout)
    np.testing.assert_array_equal(session.neural, TENSOR.reshape(-1, UNITS))
    assert session.segments.tolist() == [[0, 6], [6, 12], [12, 18], [18, 24]]
    assert session.groups["trial"].tolist() == np.repeat(np.arange(4), 6).tolist()
    assert session.groups["block"].tolist() == np.repeat([0, 0, 1, 1], 6).tolist()
    assert session.labels["condition"].values.tolist() == np.repeat([0, 1, 0, 1], 6).tolist()
    assert session.labels["goal"].values[6:12].tolist() == [[2, 3]] * 6
    assert session.labels["speed"].values[:, 0].tolist() == (session.neural[:, 0] ** 2).tolist()
    assert session.labels["hand"].values[:, 0].tolist() == (session.neural[:, 1] ** 2).tolist()
    np.testing.assert_allclose(np.diff(session.time[:6]), 0.05)
    assert session.time[6] > session.time[5]
    assert NOMINAL in session.notes


def test_padded_trials_are_shorter(tmp_path: Path) -> None:
    x = TENSOR.copy()
    x[1, 4:] = np.nan
    x[3] = np.nan
    x[0, 5, 0] = np.nan  # one unit only: a missing value, no padding
    session = read_arrays(
        tmp_path,
        {**ARRAYS, "x": x},
        neural={"path": "x", "kind": "rate", "layout": "trial_time_neuron", "nan": "zero"},
        time={"rate_hz": 20},
        labels=LABELS,
    )
    assert session.segments.tolist() == [[0, 6], [6, 10], [10, 16]]
    assert session.labels["speed"].values[6:10, 0].tolist() == (TENSOR[1, :4, 0] ** 2).tolist()
    assert session.labels["condition"].values[[0, 6, 10]].tolist() == [0, 1, 0]
    assert "Trials have 0 to 6 of 6 samples" in session.notes[0]


@pytest.mark.parametrize(
    ("time", "first"),
    [
        ({"path": "axis"}, None),
        ({"path": "start", "rate_hz": 20}, 2.0),
        ({"path": "stamps"}, 2.0),
        ({"path": "turned"}, 2.0),
    ],
)
def test_stamps_of_trials(tmp_path: Path, time: dict[str, Any], first: float | None) -> None:
    arrays = {**ARRAYS, "turned": ARRAYS["stamps"].T}
    session = read_arrays(
        tmp_path,
        arrays,
        neural={"path": "x", "kind": "rate", "layout": "trial_time_neuron"},
        time=time,
    )
    assert session.rate_hz == pytest.approx(20)
    assert session.segments[:, 0].tolist() == [0, 6, 12, 18]
    if first is not None:
        assert session.time[6] == first
        assert session.time[7] == pytest.approx(first + 0.05)


def test_stamps_that_start_anew_in_each_trial(tmp_path: Path) -> None:
    arrays = {**ARRAYS, "stamps": np.tile(ARRAYS["axis"], (TRIALS, 1))}
    session = read_arrays(
        tmp_path,
        arrays,
        neural={"path": "x", "kind": "rate", "layout": "trial_time_neuron"},
        time={"path": "stamps"},
    )
    assert session.rate_hz == pytest.approx(20)
    assert (np.diff(session.time) > 0).all()
    assert NOMINAL in session.notes


def test_one_array_per_trial(tmp_path: Path) -> None:
    lengths = [5, 2, 7]
    arrays: dict[str, Any] = {"condition": [1, 2, 1]}
    for trial, length in enumerate(lengths):
        arrays[f"trial{trial}"] = np.full((UNITS, length), trial) + np.arange(length) / 10
        arrays[f"speed{trial}"] = np.full((1, length), trial)
    session = read_arrays(
        tmp_path,
        arrays,
        neural={"path": "trial*", "kind": "rate", "layout": "neuron_time"},
        time={"rate_hz": 10},
        labels={
            "speed": {"path": "speed*", "kind": "continuous"},
            "condition": {"path": "condition", "kind": "discrete"},
        },
    )
    assert session.neural.shape == (14, UNITS)
    assert session.segments.tolist() == [[0, 5], [5, 7], [7, 14]]
    assert session.labels["speed"].values[:, 0].tolist() == np.repeat([0, 1, 2], lengths).tolist()
    assert session.labels["condition"].values.tolist() == np.repeat([0, 1, 0], lengths).tolist()
    assert session.neural[6].tolist() == pytest.approx([1.1] * UNITS)
    with pytest.raises(DataError, match="'trial1' has 2 units and 'trial0' 5"):
        read_arrays(
            tmp_path,
            arrays,
            neural={"path": "trial*", "kind": "rate"},
            time={"rate_hz": 10},
        )


def test_axes_that_do_not_fit_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"shape \(4, 6, 3\), .* needs 2 axes") as error:
        tensor(tmp_path, layout="time_neuron")
    assert "`neural.layout: trial_time_neuron`" in error.value.remedy
    with pytest.raises(DataError, match=r"shape \(4, 6\), .* needs 3 axes") as error:
        tensor(tmp_path, TENSOR[..., 0])
    assert "`time_neuron` or `neuron_time`" in error.value.remedy
    with pytest.raises(DataError, match="'block' has 4 stamps; there are 4 trials of up to 6"):
        tensor(tmp_path, time={"path": "block"})


@pytest.mark.parametrize("length", [LENGTH, TRIALS])
def test_labels_and_groups_have_the_axes_of_the_layout(tmp_path: Path, length: int) -> None:
    """MATLAB keeps (time, trial) beside (neuron, time, trial); a square does not show it."""
    values = np.arange(TRIALS * length).reshape(TRIALS, length)
    session = read_arrays(
        tmp_path,
        {
            "x": TENSOR[:, :length].transpose(2, 1, 0),
            "speed": values.T,
            "turned": values,
            "xy": np.stack([values, -values]).transpose(0, 2, 1),
        },
        neural={"path": "x", "kind": "rate", "layout": "neuron_time_trial"},
        time={"rate_hz": 20},
        labels={
            "speed": {"path": "speed", "kind": "continuous"},
            "turned": {"path": "turned", "kind": "continuous", "transpose": True},
            "xy": {"path": "xy", "kind": "continuous", "transpose": True},
        },
        groups={"lap": "speed"},
    )
    assert session.groups["lap"].tolist() == values.reshape(-1).tolist()
    for name in ("speed", "turned", "xy"):
        assert session.labels[name].values[:, 0].tolist() == values.reshape(-1).tolist()
    assert session.labels["xy"].values[:, 1].tolist() == (-values).reshape(-1).tolist()


@pytest.mark.parametrize("values", [3, 5])
def test_a_label_has_one_value_per_trial(tmp_path: Path, values: int) -> None:
    labels = {"odour": {"path": "odour", "kind": "discrete"}}
    with pytest.raises(DataError, match=f"has {values} values, the activity 4 trials"):
        read_arrays(
            tmp_path,
            {"x": TENSOR, "odour": np.arange(values)},
            neural={"path": "x", "kind": "rate", "layout": "trial_time_neuron"},
            time={"rate_hz": 20},
            labels=labels,
        )
