"""Tables of trials beside tensors of trials, whose times are not known: row i is trial i."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recipes import read_arrays

from raylab.errors import DataError

KEYS: dict[str, Any] = {
    "neural": {"path": "x", "kind": "rate", "layout": "trial_time_neuron"},
    "time": {"rate_hz": 10},
    "intervals": {"columns": {"side": "discrete", "reward": "continuous"}, "groups": ["side"]},
}


def test_columns_hold_for_their_trial(tmp_path: Path) -> None:
    arrays = {"x": np.random.default_rng(0).normal(size=(3, 4, 2)), "side": ["l", "r", "l"]}
    arrays |= {"reward": np.array([0.5, np.nan, 2.5])}
    session = read_arrays(tmp_path, arrays, **KEYS)
    assert session.labels["side"].classes == ("l", "r")
    assert session.labels["side"].values.tolist() == [0] * 4 + [1] * 4 + [0] * 4
    np.testing.assert_array_equal(
        session.labels["reward"].values[:, 0], np.repeat([0.5, np.nan, 2.5], 4)
    )
    assert session.groups["trial"].tolist() == np.repeat([0, 1, 2], 4).tolist()
    assert session.groups["side"].tolist() == [0] * 4 + [1] * 4 + [0] * 4


def test_a_table_with_too_few_rows(tmp_path: Path) -> None:
    arrays = {"x": np.random.default_rng(0).normal(size=(3, 4, 2)), "side": ["l", "r"]}
    with pytest.raises(DataError, match="has 2 values"):
        read_arrays(tmp_path, {**arrays, "reward": [1.0, 2.0]}, **KEYS)


@pytest.mark.parametrize(
    "keys", [{"intervals": {"columns": ["side"]}}, {"groups": {"side": "side"}}]
)
def test_trials_of_a_table_may_have_no_spike(tmp_path: Path, keys: Any) -> None:
    arrays = {"t": [0.1, 0.3, 0.1], "u": [0, 0, 0], "k": [1, 1, 2], "side": ["l", "r", "l", "r"]}
    spikes = {"times": "t", "units": "u", "trials": "k", "first_trial": 1}
    spikes |= {"bin_s": 0.2, "window": [0, 0.4]}
    session = read_arrays(tmp_path, arrays, spikes=spikes, **keys)
    assert session.neural[:, 0].tolist() == [1, 1, 1, 0, 0, 0, 0, 0]
    assert session.groups["trial"].tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    with pytest.raises(DataError, match="goes to 2, the first label or table has 1"):
        read_arrays(tmp_path, {**arrays, "side": ["l"]}, spikes=spikes, **keys)
