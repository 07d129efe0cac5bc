"""What is decoded one at a time: samples with their surroundings, trials, presentations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers import dataset, session
from hypothesis import given
from hypothesis import strategies as st

from raylab.config.splits import GivenSplits
from raylab.config.view import ViewConfig
from raylab.data.examples import Examples, examples_of, gather
from raylab.data.session import Label
from raylab.data.views.view import Timeline, make_timeline
from raylab.errors import TrainingError

GIVEN = {"train": np.array([[0, 12]]), "valid": np.array([[12, 20]])}


def line(folder: Path, *, view: ViewConfig | None = None, **changes: object) -> Timeline:
    """20 samples in two parts; `number` counts them."""
    labels = {
        "number": Label.continuous(np.arange(20.0)),
        "angle": Label.continuous(np.linspace(-4, 4, 20), kind="circular"),
        "third": Label.discrete(np.where(np.arange(20) == 7, np.nan, np.arange(20) // 7)),
    }
    one = session(samples=20, given=GIVEN, **{"labels": labels, **changes})
    return make_timeline(
        dataset(folder, one, splits=GivenSplits()).open("rat"), view or ViewConfig()
    )


def test_windows_repeat_the_ends_of_their_part(tmp_path: Path) -> None:
    found = examples_of(line(tmp_path), "number", window=(2, 2))
    assert found.rows.tolist()[:3] == [[0, 0, 0, 1], [0, 0, 1, 2], [0, 1, 2, 3]]
    assert found.rows.tolist()[11:13] == [[9, 10, 11, 11], [12, 12, 12, 13]], (
        "no window crosses the border of a split"
    )
    assert found.splits.tolist() == [0] * 12 + [1] * 8


@given(left=st.integers(0, 30), right=st.integers(1, 30))
def test_a_window_stays_in_its_part_whatever_its_size(
    tmp_path_factory: pytest.TempPathFactory, left: int, right: int
) -> None:
    timeline = _cached(tmp_path_factory)
    rows = examples_of(timeline, "number", window=(left, right)).rows
    assert rows.shape == (20, left + right)
    for low, high, inside in ((0, 12, rows[:12]), (12, 20, rows[12:])):
        assert inside.min() >= low
        assert inside.max() < high


_TIMELINE: list[Timeline] = []


def _cached(factory: pytest.TempPathFactory) -> Timeline:
    if not _TIMELINE:
        _TIMELINE.append(line(factory.mktemp("line")))
    return _TIMELINE[0]


def test_segments_are_examples_of_their_rows(tmp_path: Path) -> None:
    found = examples_of(line(tmp_path), "number", per="segment")
    assert found.rows[0].tolist() == list(range(12))
    assert found.rows[1].tolist() == [*range(12, 20), 19, 19, 19, 19], (
        "a shorter one repeats its last row"
    )
    assert found.label.values[:, 0].tolist() == [5.5, 15.5]
    assert found.splits.tolist() == [0, 1]


def test_groups_keep_order_and_their_most_frequent_class(tmp_path: Path) -> None:
    ids = np.array([5] * 4 + [3] * 4 + [-1] * 4 + [9] * 4 + [-1] * 4)
    found = examples_of(line(tmp_path, groups={"presentation": ids}), "third", per="presentation")
    assert found.rows.tolist() == [[0, 1, 2, 3], [4, 5, 6, 7], [12, 13, 14, 15]], (
        "in time, not by id"
    )
    assert found.label.values.tolist() == [0, 0, 1]
    assert found.label.classes == ("0", "1", "2")


def test_angles_of_a_group_are_averaged_on_the_circle(tmp_path: Path) -> None:
    ids = np.where(np.arange(20) < 2, 0, -1)
    near = Label.continuous(
        np.concatenate([[np.pi - 0.1, -np.pi + 0.1], np.zeros(18)]), kind="circular"
    )
    found = examples_of(line(tmp_path, labels={"angle": near}, groups={"g": ids}), "angle", per="g")
    assert abs(abs(float(found.label.values[0, 0])) - np.pi) < 1e-9


def test_an_unlabelled_group_is_no_example_to_score(tmp_path: Path) -> None:
    ids = np.where(np.arange(20) == 7, 1, np.where(np.arange(20) == 8, 2, -1))
    found = examples_of(line(tmp_path, groups={"g": ids}), "third", per="g")
    assert found.label.values.tolist() == [-1, 1]
    assert len(found.labelled(("train",)).rows) == 1


def test_a_binned_view_shows_each_row_of_a_group_once(tmp_path: Path) -> None:
    found = examples_of(line(tmp_path, view=ViewConfig(bin_ms=200)), "number", per="segment")
    assert found.rows.tolist() == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 9, 9]]


def test_a_group_in_two_splits_is_refused(tmp_path: Path) -> None:
    ids = np.where((np.arange(20) >= 10) & (np.arange(20) < 14), 4, -1)
    with pytest.raises(TrainingError, match="presentation 4 of session 'rat' lies in two splits"):
        examples_of(line(tmp_path, groups={"presentation": ids}), "number", per="presentation")


def test_a_group_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no 'presentation'"):
        examples_of(line(tmp_path), "number", per="presentation")


def test_limits_come_before_labels(tmp_path: Path) -> None:
    """So that two labels, or two views, are scored on the same samples."""
    found = examples_of(line(tmp_path), "third")
    assert found.positions(("train",), 4).tolist() == [0, 4, 7, 11]
    assert found.labelled(("train",), 4).rows[:, 0].tolist() == [0, 4, 11], "sample 7 has no class"


def test_features_of_an_example_lie_side_by_side() -> None:
    features = np.arange(12.0).reshape(6, 2)
    rows = np.array([[0, 1], [4, 5]])
    assert gather(features, rows).tolist() == [[0, 1, 2, 3], [8, 9, 10, 11]]
    assert gather(features, rows[:, :1]).tolist() == [[0, 1], [8, 9]]
    two = Examples(rows, np.zeros(2), Label.continuous(np.zeros(2)), np.arange(2))
    assert two.pick(np.array([1])).rows.tolist() == [[4, 5]]
