"""Betti numbers of clouds whose topology is known; a control that has the same shape takes a bar
away.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest

from raylab.errors import StudyError
from raylab.evaluation.topology import (
    Topology,
    landmark_rows,
    persistent_topology,
    shifted_units,
    shuffled_columns,
)

POINTS = 1500


def ring(random: np.random.Generator, noise: float = 0.1) -> np.ndarray:
    angle = random.uniform(-np.pi, np.pi, POINTS)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1) + noise * random.normal(
        size=(POINTS, 2)
    )


def torus(random: np.random.Generator) -> np.ndarray:
    return np.concatenate([ring(random), ring(random)], axis=1)


def sphere(random: np.random.Generator) -> np.ndarray:
    points = random.normal(size=(POINTS, 3))
    return points / np.linalg.norm(points, axis=1, keepdims=True) + 0.05 * random.normal(
        size=points.shape
    )


CLOUDS: dict[str, tuple[Any, tuple[int, ...]]] = {
    "ring": (ring, (1, 1)),
    "torus": (torus, (1, 2)),
    "sphere": (sphere, (1, 0, 1)),
    "blob": (lambda random: random.normal(size=(POINTS, 4)), (1, 0)),
    "line": (
        lambda random: (
            random.uniform(size=(POINTS, 1)) * [1, 2] + 0.01 * random.normal(size=(POINTS, 2))
        ),
        (1, 0),
    ),
    "two blobs": (
        lambda random: random.normal(size=(POINTS, 2)) + [[20, 0], [0, 20]] * (POINTS // 2),
        (2, 0),
    ),
}


@pytest.mark.parametrize("name", CLOUDS)
def test_betti_numbers(name: str) -> None:
    make, expected = CLOUDS[name]
    points = make(np.random.default_rng(1))
    controls = shuffled_columns(points, shuffles=5) if name != "two blobs" else _one_blob()
    found = persistent_topology(points, controls, landmarks=130, highest=len(expected) - 1)
    assert found.betti == expected
    assert (found.landmarks, found.shuffles) == (130, 5)


def _one_blob() -> Iterable[np.ndarray]:
    return (np.random.default_rng(seed).normal(size=(POINTS, 2)) for seed in range(5))


def test_a_ring_does_not_count_where_its_controls_are_rings() -> None:
    """As of any 2-d cosine embedding: it lies on a circle whatever the activity says."""
    points = ring(np.random.default_rng(0))
    controls = [ring(np.random.default_rng(seed)) for seed in range(1, 9)]
    assert persistent_topology(points, controls, landmarks=100).betti == (1, 0)


def test_scale_is_no_difference() -> None:
    points = ring(np.random.default_rng(0))
    found = persistent_topology(
        1e3 * points + 5, shuffled_columns(points, shuffles=3), landmarks=100
    )
    assert found.betti == (1, 1)
    assert found.diagrams[1][0, 1] < 3


def test_head_direction_cells_lie_on_a_ring_until_units_are_shifted() -> None:
    random = np.random.default_rng(2)
    angle = np.cumsum(0.3 * random.normal(size=3000))
    preferred = np.linspace(-np.pi, np.pi, 20, endpoint=False)
    rates = np.exp(2 * (np.cos(angle[:, None] - preferred) - 1)) + 0.05 * random.normal(
        size=(3000, 20)
    )
    controls = (
        np.concatenate(shifted_units([rates[:1500], rates[1500:]], random)) for _ in range(5)
    )
    assert persistent_topology(rates, controls, landmarks=150).betti == (1, 1)


def test_shifted_units_keep_the_rhythm_of_each_unit() -> None:
    whole = np.arange(52.0).reshape(13, 4)
    found = shifted_units([whole[:10], whole[10:]], np.random.default_rng(0))
    assert [len(one) for one in found] == [10, 3]
    moved = np.concatenate(found)
    shifts = [int(np.flatnonzero(moved[:, unit] == whole[0, unit])[0]) for unit in range(4)]
    for unit, shift in enumerate(shifts):
        np.testing.assert_array_equal(moved[:, unit], np.roll(whole[:, unit], shift))
    assert len(set(shifts)) > 1


def test_bars_count_that_outlive_the_shuffles_and_are_set_apart() -> None:
    def counted(lifetimes: list[float], threshold: float) -> int:
        bars = np.array([[0.5, 0.5 + life] for life in lifetimes]).reshape(-1, 2)
        return Topology((np.zeros((0, 2)), bars), (1.0, threshold), 100, 10).betti[1]

    assert (
        counted([0.8, 0.8, 0.25, 0.2], 0.22) == 2
    )  # the third is above the threshold, but not apart
    assert counted([0.8, 0.8, 0.25, 0.2], 0.81) == 0
    assert counted([0.24, 0.22, 0.21], 0.2) == 0
    assert counted([0.9], 0.2) == 1
    assert counted([], 0.2) == 0


def test_landmarks_are_spread_evenly_and_leave_outliers_out() -> None:
    random = np.random.default_rng(0)
    crowded = np.concatenate(
        [random.normal(scale=0.01, size=(2000, 2)), random.uniform(-1, 1, (2000, 2)), [[50, 50]]]
    )
    rows = landmark_rows(crowded, 100)
    assert len(set(rows.tolist())) == 100
    assert 4000 not in rows
    assert (np.abs(crowded[rows]).max(axis=1) < 0.05).mean() < 0.2  # half of all points lie there
    assert np.array_equal(landmark_rows(crowded, 100), rows)
    assert len(landmark_rows(np.ones((300, 2)), 100)) == 1


def test_too_few_points_and_a_missing_package_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StudyError, match="5 points"):
        persistent_topology(np.ones((5, 2)), [])
    real = builtins.__import__

    def without(name: str, *arguments: Any, **more: Any) -> Any:
        if name == "ripser":
            raise ImportError(name)
        return real(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(StudyError, match="not installed") as caught:
        persistent_topology(ring(np.random.default_rng(0)), [])
    assert "raylab[topology]" in caught.value.remedy
