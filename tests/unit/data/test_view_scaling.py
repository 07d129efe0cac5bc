"""What columns are divided by: almost silent ones by a share of the median, others as ever."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import dataset, session
from scipy.ndimage import gaussian_filter1d
from test_real_recordings import read

from raylab.config.parse import parse_trial
from raylab.config.splits import TrialSplits
from raylab.config.view import ScaleRule, ViewConfig
from raylab.data.dataset import Dataset
from raylab.data.session import Label
from raylab.data.shard import whole_shard
from raylab.data.views.scaling import SHARE, column_scale
from raylab.data.views.variation import varying
from raylab.data.views.view import make_timeline, view_activity
from raylab.training.loop import Training

RANDOM = np.random.default_rng(0)
ACTIVE = RANDOM.normal(size=(200, 7))
TAIL = np.where(np.arange(200) < 190, 0, 1e-5 * np.arange(200))  # of activity beyond the samples


def scale(*columns: np.ndarray, rule: ScaleRule = "floored") -> np.ndarray:
    """Of columns beside seven active ones."""
    values = np.column_stack([ACTIVE, *columns])
    return column_scale(values, values.std(axis=0), varying(values), rule)


@pytest.mark.parametrize(
    "silent", [TAIL, 1e-9 * RANDOM.normal(size=200)], ids=["tail of a filter", "rounding"]
)
def test_an_almost_silent_column_is_scaled_by_the_median(silent: np.ndarray) -> None:
    found = scale(silent)
    median = np.median(np.column_stack([ACTIVE, silent]).std(axis=0))
    assert found[7] == SHARE * median
    np.testing.assert_array_equal(found[:7], ACTIVE.std(axis=0))


@pytest.mark.parametrize(
    "column",
    [1e-3 * RANDOM.normal(size=200), np.tile([1.0] * 9 + [9.0], 20), 500 * ACTIVE[:, 0]],
    ids=["of a smaller unit", "sparse but active", "of a larger unit"],
)
def test_other_columns_are_scaled_as_ever(column: np.ndarray) -> None:
    np.testing.assert_array_equal(scale(column), scale(column, rule="plain"))
    assert scale(column)[7] == pytest.approx(column.std())


def test_constant_columns() -> None:
    assert scale(np.full(200, 0.3))[7] == 1
    large = np.column_stack(
        [1000 * ACTIVE, np.zeros(200)]
    )  # raw fluorescence beside a clipped unit
    assert column_scale(large, large.std(axis=0), varying(large), "floored")[7] > 50
    still = np.zeros((9, 2))
    assert column_scale(still, still.std(axis=0), varying(still), "floored").tolist() == [1, 1]


def test_a_median_of_the_silent_is_no_median() -> None:
    """Where most units are silent, the few active ones keep their own scale."""
    values = np.column_stack([np.tile(TAIL[:, None], 9), ACTIVE])
    found = column_scale(values, values.std(axis=0), varying(values), "floored")
    np.testing.assert_array_equal(found[9:], ACTIVE.std(axis=0))


# -- where it matters ------------------------------------------------------------------------------


def decoded(data: Dataset, kind: str, label: str, rule: ScaleRule, **sections: Any) -> float:
    """The validation score of a readout with a window of 5 rows."""
    value: dict[str, Any] = {
        "task": {"kind": "decoder", "label": label},
        "view": {"scale": rule},
        "input": {"window": 5},
        "model": {"kind": kind},
        "training": {"device": "cpu"},
        "evaluation": {"scale": rule},
        **sections,
    }
    config = parse_trial(value, "test")
    training = Training(config, data, whole_shard(data, config.view, config.sessions))
    while not training.done:
        training.advance()
    return training.validate().metrics["decoding.score"]


@pytest.fixture(scope="module")
def smoothed(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Smoothed by the laboratory: the tail of a unit that begins with validation is in training."""
    one = session(samples=600)
    position = np.cumsum(np.random.default_rng(1).normal(size=600))
    counts = np.column_stack(
        [(position > at) * 2.0 for at in np.quantile(position, (0.1, 0.5, 0.9))]
    )
    late = np.where(np.arange(600) < 365, 0, np.random.default_rng(2).poisson(2, 600))
    noise = np.random.default_rng(3).normal(size=(600, 3))
    neural = gaussian_filter1d(np.column_stack([counts + 0.3 * noise, late]), 2.5, axis=0)
    labels = {"position": Label.continuous(position), "high": Label.discrete(1 * (position > 0))}
    changed = replace(one, neural=neural.astype(np.float32), labels=labels, units={})
    return dataset(tmp_path_factory.mktemp("smoothed") / "ds", changed)


def test_z_scores_are_bounded(smoothed: Dataset) -> None:
    recording = smoothed.open("rat")
    held_out = make_timeline(recording, ViewConfig()).parts[1]
    largest = {}
    for rule in ("floored", "plain"):
        activity, fitted = view_activity(recording, ViewConfig(scale=rule))
        assert fitted.std is not None
        largest[rule] = np.abs(activity[slice(*held_out[:2])]).max()
    assert largest["floored"] < 100 < 1000 < largest["plain"]


@pytest.mark.parametrize("zscore", [True, False])
@pytest.mark.parametrize("kind", ["ridge", "svm"])
def test_readouts_withstand_an_almost_silent_unit(
    smoothed: Dataset, kind: str, zscore: bool
) -> None:
    views = {rule: {"view": {"scale": rule, "zscore": zscore}} for rule in ("floored", "plain")}
    scores = {rule: decoded(smoothed, kind, "position", rule, **views[rule]) for rule in views}
    assert scores["floored"] > scores["plain"] + 1


@pytest.mark.real_data
@pytest.mark.parametrize("kind", ["ridge", "svm"])
def test_motor_cortex(real_data: Path, tmp_path: Path, kind: str) -> None:
    """A quarter of the training trials, smoothed by 50 ms before they are split: two of 71 units
    are almost silent.
    """
    _, tr = read(real_data, "motor_cortex")
    neural = gaussian_filter1d(tr.neural.astype(np.float32), 2.5, axis=0)
    smooth = replace(tr, neural=neural, kind="rate")
    data = dataset(tmp_path / "ds", smooth, splits=TrialSplits(folds=5, fold=1))
    quarter = {"sessions": {"training_fraction": 0.25}}
    scores = {
        rule: decoded(data, kind, "velocity", rule, **quarter) for rule in ("floored", "plain")
    }
    assert scores["plain"] < -10
    assert scores["floored"] > 0
