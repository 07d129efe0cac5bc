"""Intervals cover the truth of 2,000 simulated tables as often as they must."""

from __future__ import annotations

import math

import numpy as np
import pytest
from simulated_losses import events, series

from raylab.evaluation.certainty.intervals import mean_interval

TABLES = 2000
LEAST = 0.92


def coverage(values: np.ndarray, truth: float, **bounds: tuple[float, float]) -> float:
    intervals = np.array([mean_interval(row, **bounds) for row in values])
    return float(((intervals[:, 1] <= truth) & (truth <= intervals[:, 2])).mean())


@pytest.mark.parametrize("correlation", [0.0, 0.3])
@pytest.mark.parametrize("units", [20, 50])
def test_intervals_of_normal_and_skewed_losses(units: int, correlation: float) -> None:
    normal = series(np.random.default_rng(units), (TABLES, units), correlation)
    assert coverage(normal, 0) >= LEAST
    assert coverage(np.exp(0.7 * normal), math.exp(0.245)) >= LEAST


@pytest.mark.parametrize("repeat", [0.0, 0.3])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.9])
def test_intervals_of_losses_that_are_0_or_1(share: float, repeat: float) -> None:
    wrong = events(np.random.default_rng(1), (TABLES, 20), share, repeat)
    assert coverage(wrong, share, bounds=(0, 1)) >= LEAST


@pytest.mark.parametrize(("first", "second"), [(0.05, 0.05), (0.1, 0.2), (0.4, 0.3)])
def test_intervals_of_paired_differences(first: float, second: float) -> None:
    generator = np.random.default_rng(2)
    pair = [events(generator, (TABLES, 20), share, 0.3) for share in (first, second)]
    assert coverage(pair[0] - pair[1], first - second, bounds=(-1, 1)) >= LEAST


def test_intervals_over_folds_know_where_folds_begin() -> None:
    """Five folds of 20 units: units of different folds are no neighbours."""
    generator = np.random.default_rng(3)
    pieces = [series(generator, (400, 20), 0.3) for _ in range(5)]
    values, folds = np.concatenate(pieces, axis=1), np.repeat(np.arange(5), 20)
    intervals = np.array([mean_interval(row, folds=folds) for row in values])
    assert ((intervals[:, 1] <= 0) & (intervals[:, 2] >= 0)).mean() >= LEAST


def test_intervals_stay_within_bounds_and_hold_the_mean() -> None:
    generator = np.random.default_rng(4)
    for values in (
        np.ones(20),
        np.zeros(20),
        generator.random(25),
        events(generator, (1, 20), 0.9, 0)[0],
    ):
        mean, low, high = mean_interval(values, bounds=(0, 1))
        assert 0 <= low <= mean <= high <= 1
        assert high - low > 0.01
    assert mean_interval(np.array([1.0, 0.999, 0.2]), bounds=(-math.inf, 1))[2] <= 1
    assert mean_interval(np.array([0.5]), bounds=(0, 1)) == (0.5, 0, 1)


def test_a_higher_level_is_a_longer_interval() -> None:
    values = np.random.default_rng(5).random(40)
    (_, low, high), (_, lower, higher) = mean_interval(values, 0.8), mean_interval(values, 0.99)
    assert lower < low < high < higher
