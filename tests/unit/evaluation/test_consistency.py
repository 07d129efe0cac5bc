"""Consistency: invariant to what a linear map can undo, aligned by labels of any kind, honest about
what is missing.
"""

from __future__ import annotations

import numpy as np
import pytest

from raylab.data.session import Label
from raylab.errors import DataError
from raylab.evaluation.consistency import (
    BINS,
    align,
    chance_of_fit,
    consistency_matrix,
    group_means,
    off_diagonal,
)


def random(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_a_linear_map_and_a_shift_are_no_difference() -> None:
    points = random().normal(size=(300, 4))
    moved = points @ random(1).normal(size=(4, 4)) + 100.0
    np.testing.assert_allclose(consistency_matrix([points, moved]), 1, atol=1e-9)


def test_fewer_dimensions_are_predicted_but_do_not_predict() -> None:
    points = random().normal(size=(2000, 4))
    found = consistency_matrix([points, points[:, :2]])
    assert found[0, 1] == pytest.approx(1)
    assert found[1, 0] == pytest.approx(0.5, abs=0.01)


def test_a_collapsed_dimension_is_consistent_with_nothing() -> None:
    points = random().normal(size=(500, 2)).astype(np.float32)
    constant = np.full((500, 2), 0.70710678, np.float32)
    found = consistency_matrix([points, constant, np.column_stack([points[:, 0], constant[:, 0]])])
    assert found[0, 1] == found[1, 0] == found[1, 2] == 0
    assert found[0, 2] == pytest.approx(0.5)


def test_a_dimension_said_twice_counts_once() -> None:
    points, other = random().normal(size=(400, 2)), random(1).normal(size=(400, 3))
    doubled = np.concatenate([points, points[:, :1], 1e-6 * points], axis=1)
    once, twice = (consistency_matrix([each, other])[0, 1] for each in (points, doubled))
    assert twice == pytest.approx(once, abs=1e-9)


def test_chance_of_independent_samples_is_what_it_is_said_to_be() -> None:
    clouds = [random(seed).normal(size=(60, 5)) for seed in range(30)]
    assert off_diagonal(consistency_matrix(clouds)).mean() == pytest.approx(
        chance_of_fit([5] * 30, 60), rel=0.05
    )


def test_sessions_are_aligned_by_position_not_by_time() -> None:
    labels = [random(seed).uniform(-1, 1, 3000) for seed in range(2)]
    points = [
        np.stack([np.sin(2 * x), np.cos(2 * x)], axis=1) @ random(7).normal(size=(2, 2))
        for x in labels
    ]
    aligned, missing = align(points, [Label.continuous(label) for label in labels])
    assert (aligned[0].shape, missing) == ((BINS, 2), 0)
    assert consistency_matrix(aligned)[0, 1] > 0.99
    wrong, _ = align(
        points, [Label.continuous(labels[0]), Label.continuous(random(9).permutation(labels[1]))]
    )
    assert consistency_matrix(wrong)[0, 1] < 0.2


def test_angles_are_bins_of_a_circle() -> None:
    angles = [random(seed).uniform(-np.pi, np.pi, 4000) for seed in range(2)]
    angles[1] = angles[1][
        np.abs(angles[1]) < np.pi - 2 * np.pi / BINS
    ]  # two bins at the cut lie empty, filled across it
    points = [np.stack([np.cos(angle), np.sin(angle)], axis=1) for angle in angles]
    labels = [
        Label.continuous(angle + turn, kind="circular")
        for angle, turn in zip(angles, (0, 2 * np.pi))
    ]
    aligned, missing = align(points, labels)
    assert missing == 0
    np.testing.assert_allclose(aligned[0], aligned[1], atol=0.2)
    assert consistency_matrix(aligned)[0, 1] > 0.99


def test_classes_are_matched_by_name() -> None:
    places = random(3).normal(size=(12, 3))
    names = [str(number) for number in range(12)]
    codes = [random(seed).integers(0, 12, 900) for seed in range(2)]
    points = [places[code] + 0.01 * random(5).normal(size=(900, 3)) for code in codes]
    turned = Label(kind="discrete", values=11 - codes[1], classes=tuple(names[::-1]))
    aligned, missing = align(
        points, [Label(kind="discrete", values=codes[0], classes=tuple(names)), turned]
    )
    assert missing == 0
    assert consistency_matrix(aligned)[0, 1] > 0.99
    lacking = Label(kind="discrete", values=codes[1][codes[1] > 1], classes=tuple(names))
    aligned, missing = align(
        [points[0], points[1][codes[1] > 1]], [Label.discrete(codes[0]), lacking]
    )
    assert (len(aligned[0]), missing) == (10, 2)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([Label.discrete(np.arange(60) % 4), Label.discrete(np.arange(60) % 4)], "fits so few"),
        ([Label.continuous(np.zeros((60, 2))), Label.continuous(np.zeros((60, 2)))], "2 columns"),
        (
            [Label.discrete(np.arange(60)), Label.continuous(np.zeros(60))],
            "continuous and discrete",
        ),
    ],
)
def test_labels_that_cannot_align_are_refused(labels: list[Label], said: str) -> None:
    with pytest.raises(DataError, match=said):
        align([random().normal(size=(60, 4))] * 2, labels)


def test_group_means_leave_an_embedding_and_itself_out() -> None:
    matrix = np.arange(9.0).reshape(3, 3)
    names, found = group_means(matrix, ["x", "x", "y"])
    assert names == ["x", "y"]
    assert found[0].tolist() == [2.0, 3.5]
    assert found[1, 0] == 6.5
    assert np.isnan(found[1, 1])
