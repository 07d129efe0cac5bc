"""Rows of a view: exact means, exact interpolation, and the row that stands for each sample."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raylab.config.view import ViewConfig
from raylab.data.views.grid import Grid, row_width

widths = st.one_of(
    st.integers(1, 12).map(float),
    st.floats(0.05, 12.0),
    st.sampled_from([10 / 3, 1 / 3, 30.0003 / 10]),
)
FINE = 4096


@settings(max_examples=200, deadline=None)
@given(samples=st.integers(1, 60), width=st.floats(1.0, 12.0) | st.sampled_from([10 / 3, 2.0, 7.0]))
def test_bins_are_means_over_their_exact_width(samples: int, width: float) -> None:
    """Against the mean of the step function that holds each sample for one sample period, finely
    sampled.
    """
    grid, values = Grid(samples, width), np.random.default_rng(samples).normal(size=samples)
    edges = np.append(np.arange(grid.rows) * width, samples)
    for low, high, found in zip(edges, edges[1:], grid.weights @ values):
        at = low + (np.arange(FINE) + 0.5) / FINE * (high - low)
        assert found == pytest.approx(values[np.floor(at).astype(int)].mean(), abs=12 / FINE * 4)


@settings(max_examples=100, deadline=None)
@given(samples=st.integers(1, 60), factor=st.integers(2, 9))
def test_whole_bins_are_the_means_of_their_samples(samples: int, factor: int) -> None:
    grid, values = Grid(samples, float(factor)), np.random.default_rng(samples).normal(size=samples)
    expected = [values[at : at + factor].mean() for at in range(0, samples, factor)]
    np.testing.assert_allclose(grid.weights @ values, expected, atol=1e-12)
    assert grid.row_of.tolist() == [at // factor for at in range(samples)]
    middle = [at + min(factor, samples - at) // 2 for at in range(0, samples, factor)]
    assert grid.middle.tolist() == middle


@settings(max_examples=150, deadline=None)
@given(
    samples=st.integers(1, 60), width=st.floats(0.05, 0.999) | st.sampled_from([0.5, 1 / 3, 0.2])
)
def test_narrow_rows_interpolate(samples: int, width: float) -> None:
    grid, values = Grid(samples, width), np.random.default_rng(samples).normal(size=samples)
    at = np.arange(grid.rows) * width
    assert (
        samples - 1 - width - 1e-4 <= at[-1] <= samples - 1 + 1e-4
    )  # the whole stretch and nothing beyond
    np.testing.assert_allclose(
        grid.weights @ values, np.interp(at, np.arange(samples), values), atol=1e-4
    )
    assert (np.abs(at[grid.row_of] - np.arange(samples)) <= width / 2 + 1e-4).sum() >= samples - 1


@settings(max_examples=200, deadline=None)
@given(samples=st.integers(1, 80), width=widths)
def test_every_sample_has_a_row_and_weights_sum_to_one(samples: int, width: float) -> None:
    grid = Grid(samples, width)
    assert grid.row_of.shape == (samples,)
    assert (np.diff(grid.row_of) >= 0).all()
    assert grid.row_of.min() == 0
    assert grid.row_of.max() <= grid.rows - 1
    if width >= 1:
        assert set(grid.row_of) == set(range(grid.rows))  # no bin without a sample
    np.testing.assert_allclose(grid.weights.sum(axis=1), 1)
    assert grid.weights.data.min() >= 0
    assert grid.middle.min() >= 0
    assert grid.middle.max() < samples


def test_a_row_that_is_a_sample_does_not_read_its_neighbour() -> None:
    values = np.array([0.0, np.nan, 2.0, 3.0])
    found = Grid(4, 0.5).weights @ values
    assert np.isnan(found).tolist() == [False, True, True, True, False, False, False]


@pytest.mark.parametrize(
    ("config", "rate", "width"),
    [
        ({}, 30.0, 1.0),
        ({"bin_ms": 95}, 30.0, 3.0),  # to the nearest whole sample
        ({"bin_ms": 1}, 30.0, 1.0),
        ({"resample_hz": 9.0}, 30.0, 30 / 9),  # exactly
        ({"resample_hz": 60.0}, 30.0, 0.5),
        ({"resample_hz": 30.0}, 30.00001, 1.0),
    ],
)
def test_widths(config: dict[str, float], rate: float, width: float) -> None:
    assert row_width(ViewConfig(**config), rate) == width
