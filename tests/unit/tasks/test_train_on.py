"""`sessions.train_on`: validation samples, or all, are training samples for all that is fitted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import dataset, recording, session, trial
from hypothesis import given
from hypothesis import strategies as st

from raylab.config.parse import parse_trial
from raylab.config.splits import BlockedSplits, SessionSplits
from raylab.config.trial import TrialConfig
from raylab.config.view import SessionsConfig, TrainOn, ViewConfig
from raylab.data.dataset import Dataset
from raylab.data.shard import whole_shard
from raylab.errors import ConfigError, RaylabError
from raylab.files import read_json
from raylab.tasks.families import get_task
from raylab.training.worker import TrialJob, run_round, start
from raylab.tuning.checks.configs import config_error
from raylab.tuning.planning.study_plan import make_plan

BOTH = {"sessions": {"train_on": "train+valid"}}
RIDGE: dict[str, Any] = {
    "task": {"kind": "decoder", "label": "position"},
    "model": {"kind": "ridge", "alpha": [10.0]},
    "view": {"zscore": False},
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    splits = BlockedSplits(blocks=10, gap_s=0.0)
    folder = tmp_path_factory.mktemp("data") / "ds"
    return dataset(folder, session("a"), session("b", samples=300, seed=1), splits=splits)


@given(
    lengths=st.lists(st.tuples(st.integers(1, 30), st.integers(0, 2)), min_size=1, max_size=9),
    train_on=st.sampled_from(["train", "train+valid", "all"]),
)
def test_parts_stay_apart_and_only_their_split_changes(
    lengths: list[tuple[int, int]], train_on: TrainOn
) -> None:
    stops = np.cumsum([length for length, _ in lengths])
    parts = np.array(
        [[stop - length, stop, code] for stop, (length, code) in zip(stops, lengths)], np.int64
    )
    known = recording(session(samples=int(stops[-1]) + 1), parts)
    after = known.for_training(SessionsConfig(train_on=train_on)).parts
    assert np.array_equal(after[:, :2], parts[:, :2])
    last = {"train": 0, "train+valid": 1, "all": 2}[train_on]
    assert after[:, 2].tolist() == [0 if code <= last else code for code in parts[:, 2]]


@pytest.mark.parametrize("train_on", ["train", "train+valid", "all"])
def test_the_view_is_fitted_on_them(data: Dataset, train_on: TrainOn) -> None:
    sessions = SessionsConfig(train_on=train_on)
    shard = whole_shard(data, ViewConfig(), sessions)
    for name, one in shard.items():
        parts = data.open(name).parts
        codes = [["train", "valid", "test"].index(split) for split in sessions.training_splits]
        held = [data.open(name).neural[a:b] for a, b, code in parts if code in codes]
        assert one.fitted.mean is not None
        assert np.allclose(one.fitted.mean, np.concatenate(held).mean(axis=0), atol=1e-6)
        assert one.timeline.training_rows == sum(map(len, held))
        counts = data.sessions[name].for_training(sessions).splits
        assert counts["train"] == sum(map(len, held))
        assert sum(counts.values()) == sum(data.sessions[name].splits.values())


def test_a_readout_is_that_which_the_test_split_was_always_scored_with(
    tmp_path: Path, data: Dataset
) -> None:
    """Two ways to the same fit: readouts are fitted on both splits before they are tested."""
    before, after = (parse_trial({**RIDGE, **more}, "test") for more in ({}, BOTH))
    found = [of_test(config, data, tmp_path / name) for name, config in zip("ab", (before, after))]
    for name in ("a", "b"):
        assert np.allclose(found[0][name].predicted, found[1][name].predicted, atol=1e-9)
        assert found[1][name].fitted == ("train", "valid")


def of_test(config: TrialConfig, data: Dataset, folder: Path) -> Any:
    values = config.model_dump(mode="json")
    training = start(TrialJob("t", str(folder), str(data.path), values))
    return get_task(config).predictions(config, training.model, training.shard, "test")


def test_such_a_trial_trains_to_its_end_without_a_score(tmp_path: Path, data: Dataset) -> None:
    config = trial(**BOTH, training={"max_steps": 6, "validate_every": 3})
    job = TrialJob("t", str(tmp_path), str(data.path), config.model_dump(mode="json"))
    training = start(job)
    metrics = [run_round(training, job) for _ in range(2)]
    assert training.done
    assert [list(each) for each in metrics] == [["loss"], ["loss"]]
    described = read_json(tmp_path / "model" / "model.json")
    assert described["config"]["sessions"]["train_on"] == "train+valid"
    assert all(entry["splits"]["valid"] == 0 for entry in described["sessions"])


def test_a_session_that_is_held_out_for_validation_trains(tmp_path: Path) -> None:
    sessions = [session(name, seed=seed) for seed, name in enumerate("abc")]
    held_out = dataset(tmp_path / "ds", *sessions, splits=SessionSplits(valid=("b",), test=("c",)))
    view = ViewConfig()
    with pytest.raises(ConfigError, match="'b' has no training samples"):
        whole_shard(held_out, view, SessionsConfig(train_on="train"))
    with pytest.raises(ConfigError, match="'c' has no training samples"):
        whole_shard(held_out, view, SessionsConfig(train_on="train+valid"))
    shard = whole_shard(held_out, view, SessionsConfig(train_on="all"))
    assert [one.timeline.training_rows for one in shard.values()] == [400, 400, 400]


def test_it_is_refused_where_validation_must_score(data: Dataset) -> None:
    values = trial(**BOTH).model_dump(mode="json")
    error = config_error(values, data.sessions, "space.yaml")
    assert error is not None
    assert "space.yaml: sessions.train_on 'train+valid' trains on the validation" in str(error)
    searched = {"search": {"sessions.train_on": {"categorical": ["train", "all"]}}}
    assert any("all left out" in note for note in make_plan(searched, data.path).notes)
    with pytest.raises(RaylabError, match="trains on the validation samples"):
        make_plan({}, data.path, overrides={"sessions.train_on": "all"})
    with pytest.raises(ConfigError, match="no model is known to be best"):
        trial(**BOTH, training={"keep": "best"})


def test_configs_that_do_not_use_it_are_recorded_as_before() -> None:
    assert "train_on" not in trial().model_dump(mode="json")["sessions"]
    assert trial(**BOTH).model_dump(mode="json")["sessions"]["train_on"] == "train+valid"
