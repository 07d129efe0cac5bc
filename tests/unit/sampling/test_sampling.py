"""Contrastive pairs: inside their parts, pure in (seed, step), exact, and what each conditional
says.
"""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from raylab.config.contrastive import ContrastiveTrial
from raylab.config.pairs import PairsConfig
from raylab.config.sampling import SamplingConfig, sampling_section
from raylab.data.session import Label
from raylab.errors import ConfigError, TrainingError
from raylab.sampling.conditionals import columns
from raylab.sampling.contrastive import PairSampler
from raylab.sampling.neighbours import Neighbours

ROWS = 400
PARTS = np.array([[0, 150], [160, 163], [200, 390]])
CONDITIONALS = ("time", "time_delta", "delta", "discrete", "mixed")


def config_of(conditional: str, **values: object) -> SamplingConfig:
    section = sampling_section(**{"conditional": conditional, "time_offset": 3, **values})
    return ContrastiveTrial.model_validate({"sampling": section}).sampling


def pairs_of(conditional: str) -> PairsConfig:
    (objective,) = config_of(conditional).losses.values()
    return objective.pairs


def labels_for(conditional: str, rows: int = ROWS, seed: int = 0) -> list[Label]:
    random = np.random.default_rng(seed)
    classes, walk = (
        Label.discrete(random.integers(0, 3, rows)),
        Label.continuous(np.cumsum(random.standard_normal(rows))),
    )
    return {"time": [], "discrete": [classes], "mixed": [classes, walk]}.get(conditional, [walk])


def sampler(conditional: str, parts: np.ndarray = PARTS, **changes: object) -> PairSampler:
    named = {
        name: changes.pop(name) for name in ("time_offset", "delta", "prior") if name in changes
    }
    options: dict = {
        "left": 2,
        "right": 3,
        "labels": labels_for(conditional),
        "seed": 0,
        "session": "mouse",
    }
    options |= changes
    return PairSampler.build(
        parts, config=config_of(conditional, **named), **{**options, "labels": [options["labels"]]}
    )


def drawn(pairs: PairSampler, step: int, batch_size: int) -> np.ndarray:
    """(3, B) rows of the only objective."""
    found = pairs.draw(step, batch_size)
    return torch.stack([found.reference, found.positive[0], found.negative]).numpy()


def part_of(rows: np.ndarray, parts: np.ndarray) -> np.ndarray:
    inside = (rows[..., None] >= parts[:, 0]) & (rows[..., None] < parts[:, 1])
    return np.where(inside.any(-1), inside.argmax(-1), -1)


each_conditional = pytest.mark.parametrize("conditional", CONDITIONALS)


# -- windows and purity ----------------------------------------------------------------------------


@st.composite
def layouts(draw: st.DrawFn) -> np.ndarray:
    """Parts with gaps, the first long enough for any receptive field and offset drawn below."""
    lengths = [draw(st.integers(60, 80)), *draw(st.lists(st.integers(1, 60), max_size=4))]
    order = draw(st.permutations(lengths))
    starts = np.cumsum([0, *[length + draw(st.integers(0, 9)) for length in order]])[:-1]
    return np.stack([starts, starts + np.array(order)], axis=1)


@settings(max_examples=60, deadline=None)
@given(
    parts=layouts(),
    conditional=st.sampled_from(CONDITIONALS),
    left=st.integers(0, 18),
    right=st.integers(1, 18),
    time_offset=st.integers(1, 20),
    step=st.integers(0, 1000),
)
def test_windows_never_leave_their_part(
    parts: np.ndarray, conditional: str, left: int, right: int, time_offset: int, step: int
) -> None:
    labels = labels_for(conditional, int(parts.max()))
    pairs = sampler(
        conditional, parts, left=left, right=right, time_offset=time_offset, labels=labels
    )
    rows = drawn(pairs, step, 64)
    assert rows.shape == (3, 64)
    first, last = part_of(rows - left, parts), part_of(rows + right - 1, parts)
    assert (first >= 0).all()
    assert (first == last).all()
    if conditional == "time":
        assert (rows[1] - rows[0] == time_offset).all()
        assert (first[0] == first[1]).all()


@each_conditional
def test_draw_is_pure(conditional: str) -> None:
    pairs = sampler(conditional)
    expected = {step: pairs.draw(step, 32).rows for step in (5, 0, 64, 200)}
    for step in (200, 64, 5, 0):
        pairs.draw(step, 16)
        pairs.draw(step, 32, 7)
        assert torch.equal(pairs.draw(step, 32).rows, expected[step])
        assert torch.equal(sampler(conditional).draw(step, 32).rows, expected[step])
    assert expected[0].dtype == torch.int64
    assert not torch.equal(expected[0], expected[64])
    assert not torch.equal(expected[0], sampler(conditional, seed=1).draw(0, 32).rows)


def test_drawn_rows_may_be_changed() -> None:
    pairs = sampler("time")
    first = pairs.draw(0, 8)
    kept = first.reference.clone()
    first.reference.zero_()
    assert torch.equal(pairs.draw(0, 8).reference, kept)


@pytest.mark.parametrize(("batch", "negatives"), [(70_000, None), (4, 70_000), (512, 3), (3, 512)])
def test_any_number_of_references_and_negatives(batch: int, negatives: int | None) -> None:
    rows = sampler("time").draw(1, batch, negatives)
    assert [tuple(part.shape) for part in rows] == [(batch,), (1, batch), (negatives or batch,)]
    assert torch.equal(rows.rows, torch.cat([rows.reference, rows.positive[0], rows.negative]))


# -- what each conditional draws -------------------------------------------------------------------


def test_every_anchor_is_drawn() -> None:
    reference, positive, negative = drawn(sampler("time"), 0, 20_000)
    anchors = np.r_[2:148, 202:388]  # the part of three samples is shorter than the receptive field
    assert np.array_equal(np.unique(negative), anchors)
    assert np.array_equal(np.unique(reference), np.r_[2:145, 202:385])
    assert np.array_equal(np.unique(positive), np.r_[5:148, 205:388])


def test_discrete_positives_share_the_class_and_cover_it() -> None:
    codes = labels_for("discrete")[0].values
    reference, positive, negative = drawn(sampler("discrete"), 0, 20_000)
    assert np.array_equal(codes[reference], codes[positive])
    assert (
        len(np.unique(positive))
        == len(np.unique(reference))
        == len(np.unique(negative))
        == 146 + 186
    )


@pytest.mark.parametrize("conditional", ["discrete", "mixed"])
def test_a_uniform_prior_shows_every_class_as_often(conditional: str) -> None:
    random = np.random.default_rng(0)
    classes = Label.discrete(random.choice(3, ROWS, p=[0.05, 0.25, 0.7]))
    labels = [classes, Label.continuous(np.cumsum(random.standard_normal(ROWS)))][
        : 1 if conditional == "discrete" else 2
    ]
    usable = np.r_[2:148, 202:388]
    shares = np.bincount(classes.values[usable]) / len(usable)
    for prior, expected in (("uniform", np.full(3, 1 / 3)), ("empirical", shares)):
        rows = drawn(sampler(conditional, labels=labels, prior=prior), 0, 30_000)
        assert np.array_equal(classes.values[rows[0]], classes.values[rows[1]])
        for drawn_rows in (rows[0], rows[2]):
            found = np.bincount(classes.values[drawn_rows])
            assert stats.chisquare(found, 30_000 * expected).pvalue > 1e-4
    within = np.bincount(np.searchsorted(usable, rows[0][classes.values[rows[0]] == 0]))
    assert len(within[within > 0]) == (classes.values[usable] == 0).sum()


def test_mixed_positives_are_the_nearest_of_their_class() -> None:
    """Against all samples, one by one; changes are taken from all samples, whatever their class."""
    classes, walk = labels_for("mixed")
    angle = Label.continuous(np.mod(np.cumsum(np.full(ROWS, 0.37)), 2 * np.pi), kind="circular")
    pairs = sampler("mixed", labels=[walk, classes, angle])
    (conditional,) = pairs._conditionals
    usable, values = np.r_[2:148, 202:388], np.column_stack([walk.values, angle.values])
    changes = np.concatenate([values[a + 3 : b] - values[a : b - 3] for a, b in PARTS if b - a > 3])
    np.testing.assert_array_equal(np.sort(conditional.changes, axis=0), np.sort(changes, axis=0))
    random = np.random.default_rng(1)
    reference = random.choice(usable, 300)
    query = conditional.query(random, reference)
    found = conditional.find(random, query)
    for asked, row, one in zip(query, reference, found):
        same = usable[classes.values[usable] == classes.values[row]]
        apart = np.abs(values[same] - asked[1:])
        turn = np.mod(apart[:, 1], 2 * np.pi)
        apart[:, 1] = np.minimum(turn, 2 * np.pi - turn)
        assert one == same[np.square(apart).sum(1).argmin()]


def test_objectives_share_references_and_negatives() -> None:
    """Each has its own positives; references have one in all of them, negatives suit all."""
    walk, classes = labels_for("delta")[0], labels_for("discrete")[0]
    values = walk.values.copy()
    values[:40] = np.nan
    objectives = {
        "near": {"conditional": "time_delta", "labels": ["walk"], "time_offset": 3},
        "same": {"conditional": "discrete", "labels": ["classes"]},
        "time": {"conditional": "time", "time_offset": 7},
    }
    trial = ContrastiveTrial.model_validate(
        {"sampling": {"conditional": "multi", "objectives": objectives}}
    )
    labels = [[Label(kind="continuous", values=values)], [classes], []]
    pairs = PairSampler.build(PARTS, left=2, right=3, labels=labels, config=trial.sampling, seed=0)
    reference, (near, same, later), negative = (rows.numpy() for rows in pairs.draw(0, 20_000))
    assert np.array_equal(np.unique(reference), np.r_[40:141, 202:381])
    assert np.array_equal(np.unique(negative), np.r_[40:148, 202:388])
    assert np.array_equal(later, reference + 7)
    assert np.array_equal(classes.values[same], classes.values[reference])
    assert np.isfinite(values[near]).all()


def test_hybrid_is_time_delta_and_time_at_once() -> None:
    walk = labels_for("delta")
    hybrid = ContrastiveTrial.model_validate(
        {"sampling": {"conditional": "hybrid", "time_offset": 3}}
    ).sampling
    pairs = PairSampler.build(PARTS, left=2, right=3, labels=[walk, []], config=hybrid, seed=0)
    reference, (behaviour, later), _ = (rows.numpy() for rows in pairs.draw(0, 20_000))
    assert np.array_equal(later, reference + 3)
    alone = drawn(sampler("time_delta"), 0, 20_000)
    moved = [
        walk[0].values[b, 0] - walk[0].values[a, 0]
        for a, b in ((reference, behaviour), (alone[0], alone[1]))
    ]
    assert stats.ks_2samp(*moved).pvalue > 1e-3


def test_objectives_that_no_sample_suits() -> None:
    early, late = np.full(ROWS, np.nan), np.full(ROWS, np.nan)
    early[:150], late[200:] = 1.0 * np.arange(150), 1.0 * np.arange(200)
    objectives = {name: {"conditional": "delta", "labels": [name]} for name in ("early", "late")}
    config = ContrastiveTrial.model_validate(
        {"sampling": {"conditional": "multi", "objectives": objectives}}
    ).sampling
    labels = [[Label.continuous(early)], [Label.continuous(late)]]
    with pytest.raises(TrainingError, match="no sample has a positive in every objective"):
        PairSampler.build(PARTS, left=2, right=3, labels=labels, config=config, seed=0)


def test_several_discrete_labels_must_all_agree() -> None:
    labels = [*labels_for("discrete", seed=0), *labels_for("discrete", seed=1)]
    reference, positive, _ = drawn(sampler("discrete", labels=labels), 0, 2000)
    for label in labels:
        assert np.array_equal(label.values[reference], label.values[positive])


@pytest.mark.parametrize("conditional", ["time_delta", "delta", "discrete"])
def test_unlabelled_samples_take_no_part(conditional: str) -> None:
    values = labels_for(conditional)[0].values.copy()
    missing = np.random.default_rng(3).random(ROWS) < 0.4
    values[missing] = -1 if conditional == "discrete" else np.nan
    label = Label(kind="discrete" if conditional == "discrete" else "continuous", values=values)
    rows = drawn(sampler(conditional, labels=[label]), 0, 5000)
    assert not missing[rows].any()


def test_time_delta_moves_by_changes_that_occur_within_a_part() -> None:
    ramp = np.arange(ROWS, dtype=float)
    ramp[200:] += 1000  # the jump between the parts is not a change
    reference, positive, _ = drawn(sampler("time_delta", labels=[Label.continuous(ramp)]), 0, 5000)
    moved = ramp[positive] - ramp[reference]
    inner = (reference < 140) | ((reference > 200) & (reference < 380))
    assert (moved[inner] == 3).all()
    assert np.abs(moved).max() < 60  # at the ends: the nearest there is


def test_delta_spreads_by_its_standard_deviation() -> None:
    line = Label.continuous(np.linspace(0, 1000, ROWS))
    pairs = sampler("delta", np.array([[0, ROWS]]), left=0, right=1, labels=[line], delta=20.0)
    reference, positive, _ = drawn(pairs, 0, 20_000)
    inner = (reference > 50) & (reference < 350)
    moved = (line.values[positive] - line.values[reference])[inner, 0]
    assert moved.std() == pytest.approx(20, rel=0.03)
    assert moved.mean() == pytest.approx(0, abs=0.5)


def test_angles_are_neighbours_across_their_border() -> None:
    turning = Label.continuous((0.1 * np.arange(ROWS)) % (2 * np.pi), kind="circular")
    reference, positive, _ = drawn(sampler("time_delta", labels=[turning]), 0, 5000)
    moved = turning.values[positive] - turning.values[reference]
    wrapped = (moved + np.pi) % (2 * np.pi) - np.pi
    assert np.abs(wrapped - 0.3).max() < 0.06


def test_discrete_beside_continuous_becomes_one_hot() -> None:
    values, period = columns(
        [
            Label.continuous(np.array([0.5, np.nan, 2.0])),
            Label(kind="discrete", values=np.array([1, 0, -1]), classes=("left", "right")),
            Label.continuous(np.array([0.1, 0.2, 0.3]), kind="circular"),
        ]
    )
    assert np.array_equal(values[0], [0.5, 0, 1, 0.1])
    assert np.isnan(values[1, 0])
    assert np.isnan(values[2, 1:3]).all()
    assert np.array_equal(period, [0, 0, 0, 2 * np.pi])


# -- nearest neighbours ----------------------------------------------------------------------------


@st.composite
def searches(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values on a coarse grid, so that repeats and equal distances abound; sums of squares stay
    exact.
    """
    dimension = draw(st.integers(1, 3))
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    period = np.array([draw(st.sampled_from([0.0, 8.0])) for _ in range(dimension)])
    values = random.integers(-6, 7, (draw(st.integers(1, 60)), dimension)) / 2
    query = random.integers(-20, 21, (40, dimension)) / 4
    return values, query, period


def brute_force(values: np.ndarray, query: np.ndarray, period: np.ndarray) -> np.ndarray:
    apart = np.abs(values[None] - query[:, None])
    for column in np.flatnonzero(period):
        turn = apart[..., column] % period[column]
        apart[..., column] = np.minimum(turn, period[column] - turn)
    return (apart**2).sum(-1).argmin(1)  # argmin: the lowest of equals


@settings(max_examples=150, deadline=None)
@given(searches())
def test_nearest_is_exact_and_ties_go_to_the_lowest(
    search: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    values, query, period = search
    assert np.array_equal(Neighbours(values, period)(query), brute_force(values, query, period))


@pytest.mark.parametrize("offset", [0.0, 100.0, 1e6])
@pytest.mark.parametrize("dimension", [1, 2, 4])
def test_nearest_is_exact_on_smooth_labels_far_from_zero(offset: float, dimension: int) -> None:
    random = np.random.default_rng(0)
    values = np.cumsum(random.standard_normal((3000, dimension)), axis=0) * 1e-3 + offset
    query = values[::7] + 1e-3 * random.standard_normal((429, dimension))
    period = np.zeros(dimension)
    assert np.array_equal(Neighbours(values, period)(query), brute_force(values, query, period))


def test_nearest_on_the_circle_handles_tiny_negative_angles() -> None:
    period = np.array([2 * np.pi])
    nearest = Neighbours(np.array([[0.0], [3.0]]), period)
    assert nearest(np.array([[-1e-18], [2 * np.pi - 0.1], [-3.0], [40 * np.pi]])).tolist() == [
        0,
        0,
        1,
        0,
    ]
    both = Neighbours(np.array([[-1e-18, 0.0], [3.0, 0.0]]), np.array([2 * np.pi, 0.0]))
    assert both(np.array([[-1e-18, 0.0], [-3.0, 0.0]])).tolist() == [0, 1]


# -- errors ----------------------------------------------------------------------------------------


def test_receptive_field_longer_than_every_part() -> None:
    with pytest.raises(TrainingError, match=r"mouse.*300 samples.*longest of 190") as caught:
        sampler("time", left=150, right=150)
    assert "encoder" in caught.value.remedy


@pytest.mark.parametrize(("conditional", "time_offset"), [("time", 188), ("time_delta", 190)])
def test_time_offset_longer_than_every_part(conditional: str, time_offset: int) -> None:
    sampler(conditional, time_offset=time_offset - 3)
    with pytest.raises(
        TrainingError, match=rf"mouse.*lie {time_offset} samples.*longest of 190"
    ) as caught:
        sampler(conditional, time_offset=time_offset)
    assert "time_offset" in caught.value.remedy


def test_time_offset_longer_than_every_labelled_stretch() -> None:
    values = np.full(ROWS, np.nan)
    values[50:100] = values[250:300] = np.arange(50)
    with pytest.raises(TrainingError, match="lie 60 samples"):
        sampler("time_delta", labels=[Label.continuous(values)], time_offset=60)


def test_no_part_at_all() -> None:
    with pytest.raises(TrainingError, match="training parts: 0"):
        sampler("time", parts=np.empty((0, 2), np.int64))


def test_nothing_labelled() -> None:
    with pytest.raises(TrainingError, match=r"mouse.*has a label"):
        sampler("delta", labels=[Label.continuous(np.full(ROWS, np.nan))])


def test_one_class_only() -> None:
    with pytest.raises(TrainingError, match="one class only"):
        sampler("discrete", labels=[Label.discrete(np.full(ROWS, "left"))])


@pytest.mark.parametrize("conditional", ["time_delta", "delta"])
def test_one_value_only(conditional: str) -> None:
    with pytest.raises(TrainingError, match="one value only") as caught:
        sampler(conditional, labels=[Label.continuous(np.full(ROWS, 2.5))])
    assert "sampling.labels" in caught.value.remedy


@pytest.mark.parametrize(
    ("conditional", "kinds"),
    [
        ("discrete", ["continuous"]),
        ("discrete", ["discrete", "circular"]),
        ("time_delta", ["discrete"]),
        ("delta", ["discrete", "discrete"]),
        ("delta", []),
        ("discrete", []),
        ("mixed", ["discrete"]),
        ("mixed", ["circular"]),
    ],
)
def test_conditional_and_labels_that_do_not_suit(conditional: str, kinds: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        pairs_of(conditional).check_labels(kinds)
    assert "sampling." in caught.value.remedy


@pytest.mark.parametrize(
    ("conditional", "kinds"),
    [
        ("time", []),
        ("time", ["discrete"]),
        ("discrete", ["discrete"]),
        ("time_delta", ["continuous", "discrete"]),
        ("delta", ["circular"]),
        ("mixed", ["circular", "discrete"]),
    ],
)
def test_conditional_and_labels_that_suit(conditional: str, kinds: list[str]) -> None:
    pairs_of(conditional).check_labels(kinds)
