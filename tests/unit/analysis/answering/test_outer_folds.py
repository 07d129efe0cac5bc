"""The outer folds of an answer: each kind of splits dealt anew, and what cannot be dealt."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers import dataset, session

from raylab.analysis.answering.planning.folds import deal_folds
from raylab.config.splits import (
    BlockedSplits,
    ChronologicalSplits,
    GivenSplits,
    SessionSplits,
    SplitsConfig,
    TrialSplits,
)
from raylab.data.dataset import Dataset
from raylab.errors import ConfigError, DataError


def nothing(fold: Dataset) -> list[str]:
    """A check that every fold passes."""
    return []


def held_for_test(path: Path, name: str = "a") -> set[int]:
    """The samples of a session that test in a fold."""
    parts = Dataset(path).open(name).parts.tolist()
    return {sample for start, stop, code in parts if code == 2 for sample in range(start, stop)}


def ten_trials(splits: SplitsConfig, folder: Path) -> Dataset:
    segments = [[40 * at, 40 * at + 40] for at in range(10)]
    return dataset(folder, session("a", segments=segments), splits=splits)


@pytest.mark.parametrize(
    "splits", [ChronologicalSplits(), BlockedSplits(blocks=4), TrialSplits()], ids=lambda s: s.kind
)
def test_each_sample_tests_in_one_of_five_folds(splits: SplitsConfig, tmp_path: Path) -> None:
    data = ten_trials(splits, tmp_path / "ds")
    paths, notes = deal_folds(data, tmp_path / "folds", folds=None, check=nothing)
    assert [path.name for path in paths] == list("01234")
    assert not notes
    every = [held_for_test(path) for path in paths]
    assert set().union(*every) == set(range(400))
    assert sum(map(len, every)) == 400


def test_few_sessions_are_left_out_one_by_one(tmp_path: Path) -> None:
    sessions = [session(name, seed=at) for at, name in enumerate("abcd")]
    data = dataset(tmp_path / "ds", *sessions, splits=SessionSplits(fractions=(0.5, 0.25, 0.25)))
    paths, _ = deal_folds(data, tmp_path / "folds", folds=None, check=nothing)
    held = [[name for name in "abcd" if held_for_test(path, name)] for path in paths]
    assert held == [["a"], ["b"], ["c"], ["d"]]


def test_splits_that_cannot_be_dealt_are_kept(tmp_path: Path) -> None:
    given = {"train": np.array([[0, 240]]), "valid": np.array([[240, 320]])}
    recording = session("a", given={**given, "test": np.array([[320, 400]])})
    data = dataset(tmp_path / "ds", recording, splits=GivenSplits())
    paths, notes = deal_folds(data, tmp_path / "folds", folds=None, check=nothing)
    assert paths == [data.path.resolve()]
    assert "of the kind 'given'" in notes[0]
    with pytest.raises(ConfigError, match="folds 5: the dataset's splits are of the kind 'given'"):
        deal_folds(data, tmp_path / "folds", folds=5, check=nothing)


def test_one_fold_keeps_the_splits_and_two_are_refused(tmp_path: Path) -> None:
    data = ten_trials(ChronologicalSplits(), tmp_path / "ds")
    assert deal_folds(data, tmp_path / "folds", folds=1, check=nothing) == (
        [data.path.resolve()],
        [],
    )
    with pytest.raises(ConfigError, match="folds 2: 3 or more"):
        deal_folds(data, tmp_path / "folds", folds=2, check=nothing)


def test_folds_that_cannot_be_scored_become_fewer_and_say_why(tmp_path: Path) -> None:
    data = ten_trials(ChronologicalSplits(), tmp_path / "ds")

    def at_most_four(fold: Dataset) -> list[str]:
        if fold.path.name == "1" and fold.manifest["splits"]["folds"] > 4:
            raise DataError(f"{fold.path}: the label is constant")
        return [f"a note of {fold.manifest['splits']['folds']} folds"]

    paths, notes = deal_folds(data, tmp_path / "folds", folds=None, check=at_most_four)
    assert len(paths) == 4
    # The notes on the five folds that were given up are no notes on the four.
    assert notes == [
        "4 folds rather than 5, because fold 1: the label is constant",
        "a note of 4 folds",
    ]
    with pytest.raises(DataError, match=r"^fold 1: the label is constant"):
        deal_folds(data, tmp_path / "more", folds=5, check=at_most_four)
