"""Splits: exact shares, inside segments, disjoint, apart by their gap."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from helpers import session
from hypothesis import given, settings
from hypothesis import strategies as st

from raylab.config import BlockedSplits, ChronologicalSplits, GivenSplits, SplitsConfig, TrialSplits
from raylab.data.splits import CODE, counts, intersect, make_parts
from raylab.errors import DataError

SEGMENTED = [[0, 150], [160, 300], [305, 400]]


def parts_of(config: SplitsConfig, **changes: object) -> np.ndarray:
    return make_parts(session(**changes), config, source="rat.npz")  # type: ignore[arg-type]


@st.composite
def layouts(draw: st.DrawFn) -> tuple[list[list[int]], SplitsConfig]:
    """Segments with gaps between them, and a split config of any kind."""
    lengths = draw(st.lists(st.integers(20, 90), min_size=5, max_size=8))
    starts = np.cumsum([0, *[length + draw(st.integers(0, 9)) for length in lengths]])[:-1]
    gap = draw(st.sampled_from([0.0, 0.1, 0.4]))
    fractions = draw(st.sampled_from([(0.6, 0.2, 0.2), (0.5, 0.25, 0.25), (0.8, 0.2, 0.0), (1 / 3, 1 / 3, 1 / 3)]))
    more = {"gap_s": gap, "fractions": fractions}
    config = draw(
        st.sampled_from(
            [
                ChronologicalSplits(**more),
                BlockedSplits(**more, blocks=10, seed=draw(st.integers(0, 5))),
                TrialSplits(**more, seed=draw(st.integers(0, 5))),
            ]
        )
    )
    return [[int(start), int(start) + length] for start, length in zip(starts, lengths)], config


@settings(max_examples=150, deadline=None)
@given(layouts())
def test_parts_are_disjoint_inside_segments_and_apart(layout: tuple[list[list[int]], SplitsConfig]) -> None:
    segments, config = layout
    parts = parts_of(config, samples=segments[-1][1], segments=segments)
    gap = round(config.gap_s * 10)  # type: ignore[union-attr]
    assert (parts[:, 0] < parts[:, 1]).all()
    for start, stop, _ in parts:
        assert any(first <= start and stop <= last for first, last in segments)
    for (_, stop, one), (start, _, other) in pairwise(parts):
        assert stop <= start
        if one != other and any(first <= stop - 1 and start < last for first, last in segments):
            # two splits in one segment: each side of the border loses the gap
            assert start - stop >= 2 * gap
    wanted = {CODE[name] for name, share in zip(CODE, config.fractions) if share > 0}  # type: ignore[union-attr]
    assert set(parts[:, 2]) == wanted


@pytest.mark.parametrize("samples", [400, 401, 999, 10])
def test_chronological_counts_are_exact(samples: int) -> None:
    parts = parts_of(ChronologicalSplits(), samples=samples)
    borders = [0, samples * 6 // 10, samples * 8 // 10, samples]
    assert parts.tolist() == [[borders[code], borders[code + 1], code] for code in range(3)]


def test_chronological_counts_recorded_samples_not_pauses() -> None:
    parts = parts_of(ChronologicalSplits(), segments=SEGMENTED)  # 385 recorded samples
    assert counts(parts) == {"train": 231, "valid": 77, "test": 77}
    assert parts.tolist() == [[0, 150, 0], [160, 241, 0], [241, 300, 1], [305, 323, 1], [323, 400, 2]]


def test_blocks_are_contiguous_and_dealt_in_proportion() -> None:
    parts = parts_of(BlockedSplits(blocks=10))
    assert (parts[:, 1] - parts[:, 0] == 40).all()
    assert counts(parts) == {"train": 240, "valid": 80, "test": 80}
    assert parts_of(BlockedSplits(blocks=10)).tolist() == parts.tolist()
    other = [parts_of(BlockedSplits(blocks=10, seed=seed))[:, 2].tolist() for seed in range(5)]
    assert len({tuple(codes) for codes in other}) > 1


def test_trials_are_dealt_whole() -> None:
    trials = [[start, start + 40] for start in range(0, 400, 40)]
    parts = parts_of(TrialSplits(), segments=trials)
    assert parts[:, :2].tolist() == trials
    assert np.bincount(parts[:, 2]).tolist() == [6, 2, 2]


def test_gap_is_dropped_on_both_sides_of_a_border() -> None:
    parts = parts_of(ChronologicalSplits(gap_s=1.0))
    assert parts.tolist() == [[0, 230, 0], [250, 310, 1], [330, 400, 2]]


def test_given_splits_are_cut_at_segments() -> None:
    stated = {"train": [[0, 200]], "valid": [[200, 303]], "test": [[306, 400]]}
    stated = {name: np.array(ranges) for name, ranges in stated.items()}
    parts = parts_of(GivenSplits(), segments=SEGMENTED, given=stated)
    assert parts.tolist() == [[0, 150, 0], [160, 200, 0], [200, 300, 1], [306, 400, 2]]


def test_given_splits_that_overlap_or_are_not_there() -> None:
    with pytest.raises(DataError, match=r"rat.npz.*'rat'.*overlap"):
        parts_of(GivenSplits(), given={"train": np.array([[0, 210]]), "valid": np.array([[200, 400]])})
    with pytest.raises(DataError, match=r"rat.npz.*states none") as caught:
        parts_of(GivenSplits())
    assert "--set splits.kind" in caught.value.remedy


@pytest.mark.parametrize(
    ("config", "segments"),
    [
        (ChronologicalSplits(gap_s=30), None),
        (BlockedSplits(blocks=10, gap_s=2), None),
        (BlockedSplits(blocks=1000), None),
        (TrialSplits(), [[0, 400]]),
        (TrialSplits(gap_s=3), [[start, start + 40] for start in range(0, 400, 40)]),
    ],
)
def test_too_short_names_session_and_remedy(config: SplitsConfig, segments: list | None) -> None:
    with pytest.raises(DataError, match=r"rat.npz: session 'rat' is too short.*no samples for") as caught:
        parts_of(config, segments=segments)
    assert "splits" in caught.value.remedy


def test_a_split_of_no_share_may_be_empty() -> None:
    assert counts(parts_of(ChronologicalSplits(fractions=(0.8, 0.2, 0.0))))["test"] == 0


def test_intersections() -> None:
    found = intersect(np.array([[0, 10], [20, 30]]), np.array([[5, 22], [29, 40]]))
    assert found.tolist() == [[5, 10], [20, 22], [29, 30]]
