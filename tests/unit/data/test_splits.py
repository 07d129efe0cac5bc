"""Splits inside sessions: exact shares, inside segments, disjoint, apart in time, groups whole,
folds complete.
"""

from __future__ import annotations

import time
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from helpers import session
from hypothesis import given, settings
from hypothesis import strategies as st

from raylab.config.splits import (
    BlockedSplits,
    ChronologicalSplits,
    GivenSplits,
    GroupSplits,
    SplitsConfig,
    TrialSplits,
)
from raylab.data.session import Label
from raylab.data.splitting.splits import CODE, counts, make_parts
from raylab.errors import DataError

RATE = 10.0
SEGMENTED = [[0, 150], [160, 300], [305, 400]]


def parts_of(config: SplitsConfig, **changes: object) -> np.ndarray:
    return make_parts(session(**changes), config, source="rat.npz")  # type: ignore[arg-type]


def bare(samples: int, **changes: Any) -> Any:
    """A session as `make_parts` sees it: everything but activity."""
    values = {
        "id": "rat",
        "time": np.arange(samples) / RATE,
        "rate_hz": RATE,
        "given": None,
        "groups": {},
    }
    return SimpleNamespace(
        **{**values, "segments": np.array([[0, samples]]), "labels": {}, **changes}
    )


# -- random recordings -----------------------------------------------------------------------------


@st.composite
def recordings(draw: st.DrawFn, *, overlapping: bool = True) -> Any:
    """Segments anywhere in time, overlapping or not, samples outside segments; random groups,
    classes and masks.
    """
    lengths = draw(st.lists(st.integers(1, 12), min_size=6, max_size=14))
    skipped = [
        draw(st.integers(0, 2)) for _ in lengths
    ]  # samples before a segment that belong to none
    starts = np.cumsum(np.array(lengths) + skipped) - lengths
    samples = int(starts[-1] + lengths[-1])
    moment, clock = 0.0, np.zeros(samples)
    for start, length in zip(starts, lengths):
        pause = draw(st.sampled_from([0, 0, 1, 3, 20, *([-2, -7] if overlapping else [])]))
        moment = max(moment + pause / RATE, 0.0)
        clock[start : start + length] = moment + np.arange(length) / RATE
        moment += length / RATE
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    ids = random.integers(-1, draw(st.integers(6, 40)), samples)
    mask = np.repeat(random.integers(-1, 3, samples), 5)[:samples]
    return bare(
        samples,
        time=clock,
        segments=np.stack([starts, starts + lengths], axis=1),
        groups={"presentation": np.repeat(ids, draw(st.integers(1, 6)))[:samples]},
        labels={
            "image": Label.discrete(
                np.repeat(random.integers(0, 4, samples), 3)[:samples].astype(float)
            )
        },
        given={name: runs_of(mask == code) for name, code in CODE.items()},
    )


def runs_of(mask: np.ndarray) -> np.ndarray:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(int), [0]])))
    return edges.reshape(-1, 2)


@st.composite
def shares(draw: st.DrawFn) -> dict[str, Any]:
    if draw(st.booleans()):
        return {
            "fractions": draw(
                st.sampled_from([(0.6, 0.2, 0.2), (0.8, 0.2, 0.0), (1 / 3, 1 / 3, 1 / 3)])
            )
        }
    folds = draw(st.integers(3, 6))
    return {"folds": folds, "fold": draw(st.integers(0, folds - 1))}


@st.composite
def configs(draw: st.DrawFn) -> SplitsConfig:
    values = {**draw(shares()), "gap_s": draw(st.sampled_from([0.0, 0.1, 0.25, 1.0]))}
    kind = draw(st.sampled_from([ChronologicalSplits, BlockedSplits, TrialSplits, GroupSplits]))
    if kind is not ChronologicalSplits:
        values["seed"] = draw(st.integers(0, 5))
    if kind in (TrialSplits, GroupSplits):
        values["stratify"] = draw(st.sampled_from([None, "image"]))
    if kind is GroupSplits:
        values["by"] = draw(st.sampled_from(["presentation", "image"]))
    return kind(**values)


def split_or_none(recording: Any, config: SplitsConfig) -> np.ndarray | None:
    """None where the recording is too short, which has its own tests."""
    try:
        return make_parts(recording, config, source="rat.npz")
    except DataError:
        return None


def codes_of(parts: np.ndarray, samples: int) -> np.ndarray:
    codes = np.full(samples, -1)
    for start, stop, code in parts:
        assert (codes[start:stop] == -1).all(), "parts overlap"
        codes[start:stop] = code
    return codes


@settings(max_examples=300, deadline=None)
@given(recordings(), st.one_of(configs(), st.just(GivenSplits())))
def test_parts_are_sorted_and_disjoint_inside_segments_and_apart_in_time(
    recording: Any, config: SplitsConfig
) -> None:
    parts = split_or_none(recording, config)
    if parts is None:
        return
    assert (parts[:, 0] < parts[:, 1]).all()
    assert all(one[1] <= other[0] for one, other in pairwise(parts))
    for start, stop, _ in parts:
        assert any(first <= start and stop <= last for first, last in recording.segments)
    codes, gap = codes_of(parts, len(recording.time)), getattr(config, "gap_s", 0.0)
    split = codes >= 0
    between = (
        np.abs(recording.time[split][:, None] - recording.time[split]) - 1 / RATE
    )  # from bin to bin
    assert (between[codes[split][:, None] != codes[split]] >= gap - 1e-3).all()


def groups_of(recording: Any, config: SplitsConfig) -> np.ndarray:
    """(T,) ids of what is dealt whole, else one id per sample; -1 for samples in no split."""
    inside = np.full(len(recording.time), -1)
    for number, (start, stop) in enumerate(recording.segments):
        inside[start:stop] = number
    if isinstance(config, TrialSplits):
        return inside
    ids = np.arange(len(inside))
    if isinstance(config, GroupSplits):
        ids = (
            recording.groups["presentation"]
            if config.by == "presentation"
            else recording.labels["image"].values
        )
    return np.where(inside >= 0, ids, -1)


@settings(max_examples=200, deadline=None)
@given(recordings(), configs())
def test_no_group_is_in_two_splits_and_samples_without_one_in_none(
    recording: Any, config: SplitsConfig
) -> None:
    parts, ids = split_or_none(recording, config), groups_of(recording, config)
    if parts is None:
        return
    codes = codes_of(parts, len(ids))
    assert (codes[ids < 0] == -1).all()
    for one in np.unique(ids[ids >= 0]):
        assert len(set(codes[ids == one]) - {-1}) <= 1


def obvious(codes: list[int], recording: Any, gap: float) -> list[list[int]]:
    """Parts from every sample's code, sample by sample: the rule of docs/splits.md written down
    twice.
    """
    clock, total = recording.time, len(codes)
    inside = [
        next((n for n, (a, b) in enumerate(recording.segments) if a <= t < b), -1)
        for t in range(total)
    ]
    kept = []
    for one in range(total):
        near = any(
            codes[other] not in (-1, codes[one])
            and abs(clock[other] - clock[one]) < gap + 0.99 / RATE
            for other in range(total)
        )
        kept.append(-1 if near else codes[one])
    parts: list[list[int]] = []
    for one in range(total):
        if kept[one] == -1:
            continue
        if (
            parts
            and parts[-1][1] == one
            and parts[-1][2] == kept[one]
            and inside[one] == inside[one - 1]
        ):
            parts[-1][1] = one + 1
        else:
            parts.append([one, one + 1, kept[one]])
    return parts


@settings(max_examples=60, deadline=None)
@given(recordings(), st.sampled_from([0.0, 0.1, 0.25, 1.0]), shares())
def test_chronological_and_given_splits_equal_an_obvious_version(
    recording: Any, gap: float, by: dict
) -> None:
    samples = [t for a, b in recording.segments for t in range(a, b)]
    codes = [-1] * len(recording.time)
    for place, sample in enumerate(samples):
        if "folds" in by:
            fold = place * by["folds"] // len(samples)
            codes[sample] = (
                2 if fold == by["fold"] else 1 if fold == (by["fold"] + 1) % by["folds"] else 0
            )
        else:
            borders = np.floor(np.cumsum(by["fractions"]) * len(samples) + 1e-9)
            codes[sample] = int((place >= borders[:2]).sum())
    parts = split_or_none(recording, ChronologicalSplits(gap_s=gap, **by))
    if parts is not None:
        assert parts.tolist() == obvious(codes, recording, gap)
    stated = [-1] * len(recording.time)
    for name, ranges in recording.given.items():
        for sample in (t for a, b in ranges for t in range(a, b) if t in samples):
            stated[sample] = CODE[name]
    parts = split_or_none(recording, GivenSplits())
    if parts is not None:
        assert parts.tolist() == obvious(stated, recording, 0.0)


@settings(max_examples=100, deadline=None)
@given(recordings(overlapping=False), configs().filter(lambda config: config.folds), st.booleans())
def test_over_all_folds_each_sample_tests_once_and_validates_once(
    recording: Any, config: Any, alone: bool
) -> None:
    if alone and not isinstance(config, ChronologicalSplits):
        config = config.model_copy(update={"folds": "leave_one_out", "seed": 0})
    config = config.model_copy(update={"gap_s": 0.0})
    tested, validated, used, fold = 0, 0, np.zeros(len(recording.time), bool), 0
    while fold < (config.folds if isinstance(config.folds, int) else 10**6):
        parts = split_or_none(recording, config.model_copy(update={"fold": fold}))
        if parts is None:
            break
        codes = codes_of(parts, len(recording.time))
        tested, validated, used = (
            tested + (codes == 2),
            validated + (codes == 1),
            used | (codes >= 0),
        )
        fold += 1
    if fold:
        np.testing.assert_array_equal(used, groups_of(recording, config) >= 0)
        np.testing.assert_array_equal(tested, used.astype(int))
        np.testing.assert_array_equal(validated, used.astype(int))


@settings(max_examples=50, deadline=None)
@given(recordings(), configs())
def test_equal_seeds_give_equal_parts(recording: Any, config: SplitsConfig) -> None:
    first, second = split_or_none(recording, config), split_or_none(recording, config)
    np.testing.assert_array_equal(first, second)


# -- each kind -------------------------------------------------------------------------------------


@pytest.mark.parametrize("samples", [400, 401, 999, 10])
def test_chronological_counts_are_exact(samples: int) -> None:
    parts = parts_of(ChronologicalSplits(), samples=samples)
    borders = [0, samples * 6 // 10, samples * 8 // 10, samples]
    assert parts.tolist() == [[borders[code], borders[code + 1], code] for code in range(3)]


def test_chronological_counts_recorded_samples_not_pauses() -> None:
    parts = parts_of(ChronologicalSplits(), segments=SEGMENTED)  # 385 recorded samples
    assert counts(parts) == {"train": 231, "valid": 77, "test": 77}
    assert parts.tolist() == [
        [0, 150, 0],
        [160, 241, 0],
        [241, 300, 1],
        [305, 323, 1],
        [323, 400, 2],
    ]


def test_chronological_folds_are_stretches_of_recorded_samples() -> None:
    found = [
        parts_of(ChronologicalSplits(folds=5, fold=fold), samples=100).tolist() for fold in range(5)
    ]
    assert found[0] == [[0, 20, 2], [20, 40, 1], [40, 100, 0]]
    assert found[4] == [[0, 20, 1], [20, 80, 0], [80, 100, 2]]


def test_blocks_are_dealt_in_proportion_and_neighbours_of_one_split_are_one_part() -> None:
    parts = parts_of(BlockedSplits(blocks=10))
    assert counts(parts) == {"train": 240, "valid": 80, "test": 80}
    assert (parts[:, 0] % 40 == 0).all()
    assert (parts[1:, 2] != parts[:-1, 2]).all()
    other = [parts_of(BlockedSplits(blocks=10, seed=seed)).tolist() for seed in range(5)]
    assert len({str(found) for found in other}) > 1


def test_trials_are_dealt_whole_and_never_joined() -> None:
    trials = [[start, start + 40] for start in range(0, 400, 40)]
    parts = parts_of(TrialSplits(), segments=trials)
    assert parts[:, :2].tolist() == trials
    assert np.bincount(parts[:, 2]).tolist() == [6, 2, 2]


def test_a_gap_is_kept_from_other_splits_only_and_across_what_is_in_no_split() -> None:
    assert parts_of(ChronologicalSplits(gap_s=1.0)).tolist() == [
        [0, 230, 0],
        [250, 310, 1],
        [330, 400, 2],
    ]
    ids = np.full(60, -1)
    ids[[*range(5, 15), *range(15, 25)]] = [0] * 10 + [
        1
    ] * 10  # two of one split, back to back, then a second of blank
    ids[35:45], ids[50:60] = 2, 3
    recording = bare(60, groups={"presentation": ids})
    config = GroupSplits(by="presentation", fractions=(0.5, 0.25, 0.25), seed=1, gap_s=0.0)
    assert make_parts(recording, config, source="rat.npz").tolist() == [
        [5, 25, 0],
        [35, 45, 1],
        [50, 60, 2],
    ]
    config = config.model_copy(update={"gap_s": 0.8})
    assert make_parts(recording, config, source="rat.npz").tolist() == [
        [5, 25, 0],
        [35, 42, 1],
        [53, 60, 2],
    ]
    config = config.model_copy(update={"gap_s": 1.2})
    with pytest.raises(
        DataError, match=r"no samples for valid and test; \d+ samples lie within gap_s"
    ):
        make_parts(recording, config.model_copy(update={"gap_s": 1.6}), source="rat.npz")
    assert make_parts(recording, config, source="rat.npz").tolist() == [
        [5, 23, 0],
        [37, 38, 1],
        [57, 60, 2],
    ]


def test_presentations_that_share_time_are_dealt_as_one() -> None:
    """Twelve presentations of 5 bins; number 3 begins before 2 ends, 8 and 9 begin together."""
    start = np.arange(12) * 0.7
    start[3], start[9] = start[2] + 0.3, start[8]
    clock = (start[:, None] + np.arange(5) / RATE).reshape(-1)
    ids = np.repeat(np.arange(12), 5)
    segments = np.stack([np.arange(12) * 5, np.arange(12) * 5 + 5], axis=1)
    recording = bare(60, time=clock, segments=segments, groups={"presentation": ids})
    apart = set()
    for seed in range(20):
        for config in (GroupSplits(by="presentation", seed=seed), TrialSplits(seed=seed)):
            codes = codes_of(make_parts(recording, config, source="rat.npz"), 60).reshape(12, 5)
            assert (codes == codes[:, :1]).all(), "a presentation lost samples"
            assert codes[2, 0] == codes[3, 0]
            assert codes[8, 0] == codes[9, 0]
            apart |= {number for number in range(11) if codes[number, 0] != codes[number + 1, 0]}
    assert apart == set(range(11)) - {2, 8}


def test_trials_whose_clock_starts_anew_are_refused_with_the_reason() -> None:
    clock = np.tile(np.arange(40) / RATE, 10)
    trials = [[start, start + 40] for start in range(0, 400, 40)]
    with pytest.raises(
        DataError, match=r"has 1 trials \(10 before those that overlap in time were joined\)"
    ):
        parts_of(TrialSplits(), segments=trials, time=clock)
    with pytest.raises(DataError, match="at the same time") as caught:
        parts_of(ChronologicalSplits(), segments=trials, time=clock)
    assert "time.rate_hz" in caught.value.remedy


def test_frames_whose_stamps_jitter_do_not_overlap() -> None:
    """Stamps of a camera scatter; trials cut out of one movie stay trials, and no border loses a
    sample.
    """
    clock = np.arange(400) / RATE + np.random.default_rng(0).uniform(-0.02, 0.02, 400)
    assert parts_of(ChronologicalSplits(), time=clock)[:, :2].tolist() == [
        [0, 240],
        [240, 320],
        [320, 400],
    ]
    trials = [[start, start + 40] for start in range(0, 400, 40)]
    assert counts(parts_of(TrialSplits(), segments=trials, time=clock)) == {
        "train": 240,
        "valid": 80,
        "test": 80,
    }


def test_stratified_presentations_show_every_image_to_every_split() -> None:
    """Natural scenes: 118 images, 50 presentations each."""
    random = np.random.default_rng(0)
    images = random.permutation(np.repeat(np.arange(118), 50))
    ids = np.repeat(np.arange(len(images)), 2)
    recording = bare(
        len(ids),
        groups={"presentation": ids},
        labels={"image": Label.discrete(np.repeat(images, 2))},
    )
    config = GroupSplits(by="presentation", stratify="image")
    codes = codes_of(make_parts(recording, config, source="rat.npz"), len(ids))[::2]
    for code, each in enumerate((30, 10, 10)):
        assert (np.bincount(images[codes == code], minlength=118) == each).all()
    plain = codes_of(
        make_parts(recording, GroupSplits(by="presentation"), source="rat.npz"), len(ids)
    )[::2]
    assert np.ptp(np.bincount(images[plain == 2], minlength=118)) > 0
    tests = []
    for fold in range(5):
        config = GroupSplits(by="presentation", stratify="image", folds=5, fold=fold)
        codes = codes_of(make_parts(recording, config, source="rat.npz"), len(ids))[::2]
        assert (np.bincount(images[codes == 2], minlength=118) == 10).all()
        tests.append(np.flatnonzero(codes == 2))
    assert sorted(np.concatenate(tests)) == list(range(len(images)))


def test_a_discrete_label_may_be_what_groups_go_by() -> None:
    """All samples of a class in one split: decoding what was never seen in training."""
    angle = np.repeat(np.tile(np.arange(8), 5), 10)
    recording = bare(400, labels={"orientation": Label.discrete(angle)})
    codes = codes_of(make_parts(recording, GroupSplits(by="orientation"), source="rat.npz"), 400)
    assert all(len(set(codes[angle == one])) == 1 for one in range(8))
    assert {code: len(set(angle[codes == code])) for code in range(3)} == {0: 5, 1: 2, 2: 1}


def test_given_splits_are_cut_at_segments() -> None:
    stated = {"train": [[0, 120], [100, 200]], "valid": [[200, 303]], "test": [[306, 400]]}
    stated = {name: np.array(ranges) for name, ranges in stated.items()}
    parts = parts_of(GivenSplits(), segments=SEGMENTED, given=stated)
    assert parts.tolist() == [[0, 150, 0], [160, 200, 0], [200, 300, 1], [306, 400, 2]]


def test_given_splits_that_overlap_or_are_not_there() -> None:
    with pytest.raises(DataError, match=r"rat.npz.*'rat'.*overlap"):
        parts_of(
            GivenSplits(), given={"train": np.array([[0, 210]]), "valid": np.array([[200, 400]])}
        )
    with pytest.raises(DataError, match=r"rat.npz.*states no splits") as caught:
        parts_of(GivenSplits())
    assert "--set splits.kind" in caught.value.remedy


# -- what cannot be --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "segments", "words"),
    [
        (ChronologicalSplits(gap_s=30), None, "too short.*no samples for"),
        (BlockedSplits(blocks=10, gap_s=8), None, "too short.*no samples for"),
        (BlockedSplits(blocks=1000), None, "too short for 1000 blocks: 400 samples"),
        (TrialSplits(), [[0, 400]], "has 1 trials, too few for a split each: 3 are needed"),
        (
            TrialSplits(folds=9, fold=0),
            SEGMENTED,
            "has 3 trials, too few for 9 folds: 9 are needed",
        ),
        (TrialSplits(folds="leave_one_out", fold=3), SEGMENTED, "has 3 trials: there is no fold 3"),
        (
            TrialSplits(gap_s=5),
            [[start, start + 40] for start in range(0, 400, 40)],
            "too short.*no samples for valid",
        ),
        (GroupSplits(by="chioce"), None, "has no discrete label 'chioce'"),
        (GroupSplits(by="position"), None, "has no discrete label 'position'"),
        (TrialSplits(stratify="heading"), SEGMENTED, "has no discrete label 'heading'"),
        (GroupSplits(by="choice"), None, "has 2 groups of 'choice', too few"),
    ],
)
def test_what_cannot_be_split_names_file_session_and_remedy(
    config: SplitsConfig, segments: Any, words: str
) -> None:
    with pytest.raises(DataError, match=rf"rat.npz: session 'rat' (is )?{words}") as caught:
        parts_of(config, segments=segments)
    assert caught.value.remedy


def test_a_misspelt_group_is_told_the_near_one() -> None:
    with pytest.raises(DataError, match="no group or discrete label 'presentaton'") as caught:
        parts_of(GroupSplits(by="presentaton"), groups={"presentation": np.zeros(400, np.int64)})
    assert caught.value.remedy == "Did you mean 'presentation'?"
    with pytest.raises(DataError, match="no discrete label 'presentation'"):
        make_parts(bare(9), GroupSplits(by="presentation"), source="rat.npz")


def test_a_split_of_no_share_may_be_empty() -> None:
    assert counts(parts_of(ChronologicalSplits(fractions=(0.8, 0.2, 0.0))))["test"] == 0


def test_six_thousand_presentations_and_a_hundred_thousand_runs_take_no_time() -> None:
    """Seconds in a version that compares every range with every segment; 10 to 200 ms here."""
    ids = np.repeat(np.arange(6000), 5)
    segments = np.stack([np.arange(6000) * 5, np.arange(6000) * 5 + 5], axis=1)
    runs = np.arange(300_000).reshape(-1, 3) * 2
    stated = {
        name: np.stack([runs[:, code], runs[:, code] + 1], axis=1) for name, code in CODE.items()
    }
    presentations = bare(30_000, segments=segments, groups={"presentation": ids})
    masks = bare(600_000, given=stated)
    begun = time.perf_counter()
    for config in (
        ChronologicalSplits(gap_s=0.1),
        BlockedSplits(),
        TrialSplits(),
        GroupSplits(by="presentation"),
    ):
        make_parts(presentations, config, source="rat.npz")
    assert len(make_parts(masks, GivenSplits(), source="rat.npz")) == 300_000
    assert time.perf_counter() - begun < 5
