"""Windows: none leaves its part, all rows are covered once, draws are pure in (seed, step)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raylab.errors import TrainingError
from raylab.sampling.windows import Tiles, WindowSampler

LENGTHS = st.lists(
    st.tuples(st.integers(1, 60), st.integers(0, 5), st.integers(0, 2)), min_size=1, max_size=8
)


def parts_of(lengths: list[tuple[int, int, int]]) -> np.ndarray:
    """(P, 3) parts of these lengths, gaps before them and split codes."""
    found, at = [], 0
    for length, gap, code in lengths:
        at += gap
        found.append((at, at + length, code))
        at += length
    return np.array(found)


@given(LENGTHS, st.integers(2, 20))
def test_tiles_speak_once_for_every_row_and_read_only_their_part(
    lengths: list[tuple[int, int, int]], window: int
) -> None:
    parts = parts_of(lengths)
    tiles = Tiles.cover(parts, window)
    rows, place = tiles.own_rows
    expected = np.concatenate([np.arange(start, stop) for start, stop, _ in parts])
    np.testing.assert_array_equal(np.sort(rows), expected)
    read = tiles.rows(window)
    for index in range(len(tiles)):
        (part,) = [p for p in parts if p[0] <= tiles.starts[index] < p[1]]
        assert part[0] <= read[index].min() <= read[index].max() < part[1]
        assert tiles.splits[index] == part[2]
        assert set(rows[place == index]) <= set(read[index])
        assert tiles.whole(window)[index] == (part[1] - part[0] >= window)


@given(LENGTHS, st.integers(2, 20), st.integers(1, 12), st.integers(0, 3))
def test_drawn_windows_lie_in_one_part(
    lengths: list[tuple[int, int, int]], window: int, stride: int, step: int
) -> None:
    parts = parts_of(lengths)[:, :2]
    whole = [(start, stop) for start, stop in parts if stop - start >= window]
    if not whole:
        with pytest.raises(TrainingError, match=r"no training part is as long as a window"):
            WindowSampler(parts, window=window, stride=stride, seed=0, session="a")
        return
    how: dict[str, Any] = {"window": window, "stride": stride, "seed": 0, "session": "a"}
    sampler = WindowSampler(parts, **how)
    drawn = sampler.draw(step, 50)
    for start in drawn:
        assert any(
            a <= start and start + window <= b and (start - a) % stride == 0 for a, b in whole
        )
    np.testing.assert_array_equal(
        drawn,
        WindowSampler(parts, window=window, stride=stride, seed=0, session="a").draw(step, 50),
    )


def test_every_window_is_as_likely() -> None:
    sampler = WindowSampler(np.array([[0, 30], [40, 49]]), window=10, stride=5, seed=3, session="a")
    np.testing.assert_array_equal(sampler.starts, [0, 5, 10, 15, 20])
    counts = np.bincount(
        np.concatenate([sampler.draw(step, 100) for step in range(100)]), minlength=21
    )[::5]
    assert abs(counts / 2000 - 1).max() < 0.1
    assert not np.array_equal(sampler.draw(0, 100), sampler.draw(1, 100))
