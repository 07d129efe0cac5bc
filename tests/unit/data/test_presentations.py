"""Counting in presentations, against loops that are slow and obvious."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raylab.data.allen.presentations import (
    BLOCK,
    bin_edges,
    count_spikes,
    movie_repeats,
    overlap_groups,
    touching,
)

# Multiples of 1/64 s: spikes often lie exactly on an edge, and sums of them are exact.
TICKS = st.integers(0, 256).map(lambda tick: tick / 64)
SPIKES = st.lists(
    st.lists(TICKS | st.just(float("nan")), max_size=40).map(np.array), min_size=1, max_size=4
)
SPANS = st.lists(
    st.tuples(TICKS, st.integers(1, 64).map(lambda tick: tick / 64)), min_size=1, max_size=12
)


def counted(spikes: list[np.ndarray], edges: np.ndarray) -> np.ndarray:
    """Every unit, presentation and bin in turn."""
    rows = []
    for presentation in edges:
        for low, high in itertools.pairwise(presentation):
            rows.append([sum(low <= time < high for time in unit) for unit in spikes])
    return np.array(rows)


@given(SPIKES, SPANS, st.integers(1, 4), TICKS)
def test_counts_equal_the_slow_reference(
    spikes: list[np.ndarray], spans: list[tuple[float, float]], bins: int, before: float
) -> None:
    """Presentations with gaps, in any order and overlapping; spikes in any order; windows from
    before the start.
    """
    edges = bin_edges(np.array([start for start, _ in spans]), (-before, 0.5), bins)
    found = count_spikes(iter(spikes), edges, units=len(spikes))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, counted(spikes, edges))


@pytest.mark.parametrize("units", [1, BLOCK - 1, BLOCK, 2 * BLOCK + 3])
def test_every_unit_has_its_column(units: int) -> None:
    edges = bin_edges(np.array([0.0, 2.0]), (0.0, 1.0), 2)
    spikes = [np.full(unit % 7, 2.25) for unit in range(units)]
    found = count_spikes(iter(spikes), edges, units=units)
    np.testing.assert_array_equal(found[2], [unit % 7 for unit in range(units)])
    assert found[[0, 1, 3]].sum() == 0


@given(SPANS, st.permutations(range(12)))
def test_overlapping_windows_share_an_id_and_no_others_do(
    spans: list[tuple[float, float]], order: list[int]
) -> None:
    ids = np.array(order[: len(spans)])
    start = np.array([begin for begin, _ in spans])
    stop = start + np.array([length for _, length in spans])
    expected = ids.copy()
    for _ in spans:  # as often as the longest chain could need
        for one in range(len(ids)):
            for other in range(len(ids)):
                if start[one] < stop[other] and start[other] < stop[one]:
                    expected[one] = expected[other] = min(expected[one], expected[other])
    np.testing.assert_array_equal(overlap_groups(ids, start, stop), expected)


def test_rounding_is_no_overlap() -> None:
    start = 100.0 + 0.25 * np.arange(50) + np.tile([0.0, -1e-9], 25)
    np.testing.assert_array_equal(overlap_groups(np.arange(50), start, start + 0.25), np.arange(50))


@given(SPANS, SPANS)
def test_touching_is_any_common_point(
    spans: list[tuple[float, float]], invalid: list[tuple[float, float]]
) -> None:
    start = np.array([begin for begin, _ in spans])
    stop = start + np.array([length for _, length in spans])
    intervals = np.array([(begin, begin + length) for begin, length in invalid])
    expected = [any(max(a, c) <= min(b, d) for c, d in intervals) for a, b in zip(start, stop)]
    assert touching(start, stop, intervals).tolist() == expected


def test_missing_frames_move_no_repeat() -> None:
    """Rows counted and divided by the number of frames would shift every label after the gap."""
    frame = np.tile(np.arange(10), 4)
    repeat = np.repeat(np.arange(4), 10)
    start = np.arange(40) / 30
    shown = np.ones(40, bool)
    shown[[0, 7, 13, 29, 30, 39]] = False  # first, last and middle frames of showings
    np.testing.assert_array_equal(movie_repeats(start[shown], frame[shown]), repeat[shown])
    backwards = np.flatnonzero(shown)[::-1]
    np.testing.assert_array_equal(
        movie_repeats(start[backwards], frame[backwards]), repeat[backwards]
    )
