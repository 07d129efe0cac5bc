"""Views: equal to the obvious slow computation, inside parts, fitted on training samples; no split sees another."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers import dataset, recording, session, trial
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter1d

from raylab.config import ViewConfig
from raylab.data.dataset import Recording
from raylab.data.session import Label
from raylab.data.shard import whole_shard
from raylab.data.view import make_timeline, view_activity
from raylab.tasks import get_task

RATE = 10.0


def slow_view(one: Recording, config: ViewConfig) -> np.ndarray:
    """Sample by sample, part by part, in float64."""
    lag = round(config.lag_ms * RATE / 1000)
    width = max(1, round(config.bin_ms * RATE / 1000))
    pieces, training = [], []
    for start, stop, split in one.parts:
        rows = [one.neural[min(max(t - lag, start), stop - 1)].astype(float) for t in range(start, stop)]
        binned = np.array([np.mean(rows[at : at + width], axis=0) for at in range(0, len(rows), width)])
        sigma = config.smoothing_ms * RATE / 1000 / width
        smooth = gaussian_filter1d(binned, sigma, axis=0) if sigma > 0 else binned
        pieces.append(np.sqrt(np.maximum(smooth, 0)) if config.sqrt else smooth)
        training += [pieces[-1]] if split == 0 else []
    found = np.concatenate(pieces)
    if config.zscore:
        fitted = np.concatenate(training)
        found = (found - fitted.mean(0)) / fitted.std(0)
    return found


@st.composite
def parted(draw: st.DrawFn) -> np.ndarray:
    """(P, 3) parts with pauses between them, each split among them; two training parts."""
    codes = draw(st.permutations([0, 0, 1, 2, *draw(st.lists(st.integers(0, 2), max_size=3))]))
    rows, at = [], 0
    for code in codes:
        at += draw(st.integers(0, 7))
        length = draw(st.integers(3, 40))
        rows.append([at, at + length, code])
        at += length
    return np.array(rows)


views = st.builds(
    ViewConfig,
    lag_ms=st.sampled_from([0.0, 300.0, -500.0, 20_000.0]),
    bin_ms=st.sampled_from([0.0, 200.0, 700.0]),
    smoothing_ms=st.sampled_from([0.0, 150.0, 1000.0]),
    sqrt=st.booleans(),
    zscore=st.booleans(),
)


def made(parts: np.ndarray, seed: int = 0) -> Recording:
    samples = int(parts.max()) + 5
    return recording(session(samples=samples, units=4, seed=seed), parts)


@settings(max_examples=120, deadline=None)
@given(parts=parted(), config=views)
def test_view_equals_the_slow_one(parts: np.ndarray, config: ViewConfig) -> None:
    one = made(parts)
    # sqrt of a rectified signal can leave a unit constant in training, where z-scores are a matter of taste
    one = recording(session(samples=len(one.neural), units=4), parts, neural=np.abs(one.neural) + 0.1)
    activity, fitted = view_activity(one, config)
    assert activity.dtype == np.float32
    np.testing.assert_allclose(activity, slow_view(one, config), rtol=2e-3, atol=2e-4)
    assert (fitted is None) != config.zscore


@settings(max_examples=120, deadline=None)
@given(parts=parted(), config=views, seed=st.integers(1, 100))
def test_training_rows_never_see_other_splits(parts: np.ndarray, config: ViewConfig, seed: int) -> None:
    one = made(parts)
    neural = np.random.default_rng(seed).normal(50, 90, one.neural.shape).astype(np.float32)
    for start, stop, split in parts:
        if split == 0:
            neural[start:stop] = one.neural[start:stop]  # everything else, pauses included, is other data
    other = recording(session(samples=len(neural), units=4), parts, neural=neural)
    rows = np.repeat(parts[:, 2], np.diff(make_timeline(one, config).parts[:, :2])[:, 0]) == 0
    (before, fitted), (after, refitted) = view_activity(one, config), view_activity(other, config)
    assert np.array_equal(before[rows], after[rows])
    if fitted is not None and refitted is not None:
        assert np.array_equal(fitted.mean, refitted.mean)
        assert np.array_equal(fitted.std, refitted.std)


@settings(max_examples=80, deadline=None)
@given(parts=parted(), config=views, seed=st.integers(1, 100), data=st.data())
def test_a_part_never_sees_another_part(parts: np.ndarray, config: ViewConfig, seed: int, data: st.DataObject) -> None:
    config = config.model_copy(update={"zscore": False})  # the statistics are shared on purpose
    one, kept = made(parts), data.draw(st.integers(0, len(parts) - 1))
    start, stop, _ = parts[kept]
    neural = np.random.default_rng(seed).normal(50, 90, one.neural.shape).astype(np.float32)
    neural[start:stop] = one.neural[start:stop]
    other = recording(session(samples=len(neural), units=4), parts, neural=neural)
    first, last, _ = make_timeline(one, config).parts[kept]
    assert np.array_equal(view_activity(one, config)[0][first:last], view_activity(other, config)[0][first:last])


@settings(max_examples=25, deadline=None)
@given(
    config=views,
    conditional=st.sampled_from(["time", "time_delta", "delta"]),
    kind=st.sampled_from(["offset1", "offset5", "offset10"]),
    seed=st.integers(1, 50),
)
def test_training_batches_never_hold_other_splits(
    tmp_path_factory: pytest.TempPathFactory, config: ViewConfig, conditional: str, kind: str, seed: int
) -> None:
    """The whole way: activity and labels of validation and test are replaced, and every training batch stays."""
    original = session(samples=600)
    random = np.random.default_rng(seed)
    neural, position = original.neural.copy(), original.labels["position"].values.copy()
    neural[360:] = random.normal(50, 90, neural[360:].shape)
    position[360:] = random.normal(50, 90, position[360:].shape)
    changed = session(samples=600, neural=neural, labels={"position": Label.continuous(position)})
    config = config.model_copy(update={"bin_ms": min(config.bin_ms, 200.0)})  # room for the receptive field
    chosen = trial(
        view=config.model_dump(),
        model={"encoder": {"kind": kind, "hidden_units": 4}},
        sampling={"conditional": conditional, "time_offset": 2},
    )
    folder = tmp_path_factory.mktemp("leak")
    shards = [whole_shard(dataset(folder / name, one), config) for name, one in (("a", original), ("b", changed))]
    task = get_task(chosen)
    left, right = task.receptive_field(chosen)
    draws = [task.batches(chosen, shard) for shard in shards]
    for step in range(3):
        one, other = draws[0](step)[0].rows, draws[1](step)[0].rows
        assert torch.equal(one, other)
        timeline = shards[0]["rat"].timeline
        first, last, _ = timeline.parts[0]
        assert int(one.min()) - left >= first
        assert int(one.max()) + right <= last
        index = one.flatten()[:, None] + torch.arange(-left, right)
        assert torch.equal(shards[0]["rat"].x[index], shards[1]["rat"].x[index])


@settings(max_examples=60, deadline=None)
@given(parts=parted(), config=views)
def test_every_view_is_scored_on_the_same_samples(parts: np.ndarray, config: ViewConfig) -> None:
    one = made(parts)
    plain, timeline = make_timeline(one, ViewConfig()), make_timeline(one, config)
    assert np.array_equal(timeline.samples, plain.samples)
    assert np.array_equal(timeline.samples, np.concatenate([np.arange(a, b) for a, b, _ in parts]))
    assert np.array_equal(timeline.splits, plain.splits)
    for name, label in timeline.reference.items():
        assert np.array_equal(label.values, one.labels[name].values[timeline.samples], equal_nan=True)
    # a sample's row lies in a part of its own split
    assert len(timeline.labels["position"].values) == timeline.length
    for first, last, split in timeline.parts:
        assert (timeline.splits[(timeline.rows >= first) & (timeline.rows < last)] == split).all()


def test_labels_of_bins() -> None:
    parts = np.array([[0, 5, 0], [10, 14, 1]])
    turn = np.full(20, np.pi - 0.1)
    turn[1] = turn[3] = -np.pi + 0.1  # around the border of the circle, where a plain mean would be near zero
    labels = {
        "position": Label.continuous(np.arange(20.0)),
        "heading": Label.continuous(turn, kind="circular"),
        "choice": Label.discrete(np.array(list("aabbbaaaaaabbbcccccc"))),
    }
    one = recording(session(samples=20), parts, labels=labels)
    timeline = make_timeline(one, ViewConfig(bin_ms=200))
    assert timeline.labels["position"].values[:, 0].tolist() == [0.5, 2.5, 4, 10.5, 12.5]
    assert np.cos(timeline.labels["heading"].values[0, 0]) == pytest.approx(-1)
    assert timeline.labels["choice"].values.tolist() == [0, 1, 1, 1, 1]
    assert timeline.rows.tolist() == [0, 0, 1, 1, 2, 3, 3, 4, 4]


def test_a_unit_that_becomes_constant_in_a_view_is_left_at_zero() -> None:
    parts = np.array([[0, 10, 0], [10, 20, 1], [20, 30, 2]])
    neural = np.random.default_rng(0).normal(size=(30, 2)).astype(np.float32)
    neural[:10, 1] = 0
    neural[9, 1] = 1  # one spike, which the lag moves out of the part
    activity, _ = view_activity(recording(session(samples=30), parts, neural=neural), ViewConfig(lag_ms=200))
    assert np.isfinite(activity).all()
    assert (activity[:10, 1] == 0).all()
