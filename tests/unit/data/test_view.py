"""Views: equal to the obvious slow computation, inside parts, fitted on training samples; no split
sees another.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from helpers import dataset, recording, session, trial
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter1d
from strategies import parted

from raylab.config.sampling import sampling_section
from raylab.config.view import ViewConfig
from raylab.data.datasets.recording import Recording
from raylab.data.session import Label
from raylab.data.shard import whole_shard
from raylab.data.views.view import make_timeline, view_activity
from raylab.errors import ConfigError
from raylab.tasks.families import get_task

RATE = 10.0


def slow_view(one: Recording, config: ViewConfig) -> np.ndarray:
    """Sample by sample, part by part, in float64."""
    lag = round(config.lag_ms * RATE / 1000)
    width = (
        RATE / config.resample_hz
        if config.resample_hz
        else max(1, round(config.bin_ms * RATE / 1000))
    )
    pieces, training = [], []
    for start, stop, split in one.parts:
        rows = [
            one.neural[min(max(t - lag, start), stop - 1)].astype(float) for t in range(start, stop)
        ]
        binned = slow_rows(np.clip(rows, config.clip_min, config.clip_max), width)
        sigma = config.smoothing_ms * RATE / 1000 / width
        smooth = gaussian_filter1d(binned, sigma, axis=0) if sigma > 0 else binned
        pieces.append(np.sqrt(np.maximum(smooth, 0)) if config.sqrt else smooth)
        training += [pieces[-1]] if split == 0 else []
    found = np.concatenate(pieces)
    if config.zscore:
        fitted = np.concatenate(training)
        std = fitted.std(0)
        found = (found - fitted.mean(0)) / np.where(
            std > 1e-6, std, 1
        )  # clipping may leave a unit constant
    return found


def slow_rows(samples: np.ndarray, width: float) -> np.ndarray:
    """Means over [r * width, (r + 1) * width), less than half a sample added to the last; or
    interpolation.
    """
    if width < 1:
        at = np.arange(0, len(samples) - 1 + 1e-6, width)
        return np.stack(
            [np.interp(at, np.arange(len(samples)), unit) for unit in samples.T], axis=1
        )
    found, low = [], 0.0
    while low < len(samples) - 0.5 or not found:
        high = low + width if low + width < len(samples) - 0.5 else len(samples)
        share = [max(0.0, min(i + 1, high) - max(i, low)) for i in range(len(samples))]
        found.append(np.average(samples, axis=0, weights=share))
        low = low + width
    return np.array(found)


def made_view(
    rows: dict[str, float], clip: tuple[float | None, float | None], **view: Any
) -> ViewConfig:
    return ViewConfig(clip_min=clip[0], clip_max=clip[1], scale="plain", **rows, **view)


ROWS: list[dict[str, float]] = [
    {},
    {"bin_ms": 200.0},
    {"bin_ms": 700.0},
    {"resample_hz": 4.0},
    {"resample_hz": 25.0},
]
of_every_unit: dict[str, Any] = {
    "rows": st.sampled_from(ROWS),
    "clip": st.sampled_from([(None, None), (0.3, None), (-0.5, 0.9)]),
    "lag_ms": st.sampled_from([0.0, 300.0, -500.0, 20_000.0]),
    "smoothing_ms": st.sampled_from([0.0, 150.0, 1000.0]),
    "sqrt": st.booleans(),
    "zscore": st.booleans(),
}
views = st.builds(made_view, **of_every_unit)
SELECTIONS: list[dict[str, Any]] = [
    {"kind": "all"},
    {"kind": "variance", "count": 2},
    {"kind": "random", "count": 3},
    *(
        {"kind": "correlation", "count": 2, "label": label}
        for label in ("position", "heading", "choice", "time")
    ),
]
fitted_views = st.builds(
    made_view,
    **of_every_unit,
    normalized_time=st.just(True),
    outlier_z=st.sampled_from([None, 1000.0]),
    selection=st.sampled_from(SELECTIONS),
)


def made(parts: np.ndarray, seed: int = 0) -> Recording:
    samples = int(parts.max()) + 5
    return recording(session(samples=samples, units=4, seed=seed), parts)


@settings(max_examples=120, deadline=None)
@given(parts=parted(), config=views)
def test_view_equals_the_slow_one(parts: np.ndarray, config: ViewConfig) -> None:
    one = made(parts)
    # sqrt of a rectified signal can leave a unit constant in training, where z-scores are a matter
    # of taste
    one = recording(
        session(samples=len(one.neural), units=4), parts, neural=np.abs(one.neural) + 0.1
    )
    activity, fitted = view_activity(one, config)
    assert activity.dtype == np.float32
    np.testing.assert_allclose(activity, slow_view(one, config), rtol=2e-3, atol=2e-4)
    assert (fitted.mean is None) != config.zscore


@settings(max_examples=120, deadline=None)
@given(parts=parted(), config=fitted_views, seed=st.integers(1, 100))
def test_training_rows_never_see_other_splits(
    parts: np.ndarray, config: ViewConfig, seed: int
) -> None:
    one = made(parts)
    neural = np.random.default_rng(seed).normal(50, 90, one.neural.shape).astype(np.float32)
    for start, stop, split in parts:
        if split == 0:
            neural[start:stop] = one.neural[
                start:stop
            ]  # everything else, pauses included, is other data
    changed = session(samples=len(neural), units=4, seed=seed).labels
    labels = {
        name: Label(kind=label.kind, values=np.array(label.values), classes=label.classes)
        for name, label in changed.items()
    }
    for start, stop in parts[parts[:, 2] == 0, :2]:
        for name, label in labels.items():
            label.values[start:stop] = one.labels[name].values[start:stop]
    other = recording(session(samples=len(neural), units=4), parts, neural=neural, labels=labels)
    rows = np.repeat(parts[:, 2], np.diff(make_timeline(one, config).parts[:, :2])[:, 0]) == 0
    try:
        before, fitted = view_activity(one, config)
    except ConfigError:  # a label that is constant in so short a training split
        with pytest.raises(ConfigError):
            view_activity(other, config)
        return
    after, refitted = view_activity(other, config)
    assert np.array_equal(before[rows], after[rows])
    assert fitted.arrays().keys() == refitted.arrays().keys()
    for name, array in fitted.arrays().items():
        assert np.array_equal(array, refitted.arrays()[name]), name
    lines = make_timeline(one, config), make_timeline(other, config)
    for name, label in lines[0].labels.items():
        assert np.array_equal(
            label.values[rows], lines[1].labels[name].values[rows], equal_nan=True
        ), name


@settings(max_examples=80, deadline=None)
@given(parts=parted(), config=views, seed=st.integers(1, 100), data=st.data())
def test_a_part_never_sees_another_part(
    parts: np.ndarray, config: ViewConfig, seed: int, data: st.DataObject
) -> None:
    config = config.model_copy(update={"zscore": False})  # the statistics are shared on purpose
    one, kept = made(parts), data.draw(st.integers(0, len(parts) - 1))
    start, stop, _ = parts[kept]
    neural = np.random.default_rng(seed).normal(50, 90, one.neural.shape).astype(np.float32)
    neural[start:stop] = one.neural[start:stop]
    other = recording(session(samples=len(neural), units=4), parts, neural=neural)
    first, last, _ = make_timeline(one, config).parts[kept]
    assert np.array_equal(
        view_activity(one, config)[0][first:last], view_activity(other, config)[0][first:last]
    )


@settings(max_examples=25, deadline=None)
@given(
    config=views,
    conditional=st.sampled_from(["time", "time_delta", "delta"]),
    kind=st.sampled_from(["offset1", "offset5", "offset10"]),
    seed=st.integers(1, 50),
)
def test_training_batches_never_hold_other_splits(
    tmp_path_factory: pytest.TempPathFactory,
    config: ViewConfig,
    conditional: str,
    kind: str,
    seed: int,
) -> None:
    """The whole way: activity and labels of validation and test are replaced, and every training
    batch stays.
    """
    original = session(samples=600)
    random = np.random.default_rng(seed)
    neural, position = original.neural.copy(), original.labels["position"].values.copy()
    neural[360:] = random.normal(50, 90, neural[360:].shape)
    position[360:] = random.normal(50, 90, position[360:].shape)
    changed = session(samples=600, neural=neural, labels={"position": Label.continuous(position)})
    assume(config.bin_ms <= 200)  # room for the receptive field
    chosen = trial(
        view=config.model_dump(),
        model={"encoder": {"kind": kind, "hidden_units": 4}},
        sampling=sampling_section(conditional=conditional, time_offset=2),
    )
    folder = tmp_path_factory.mktemp("leak")
    shards = [
        whole_shard(dataset(folder / name, one), config)
        for name, one in (("a", original), ("b", changed))
    ]
    task = get_task(chosen)
    left, right = task.receptive_field(chosen)
    draws = [task.batches(chosen, shard) for shard in shards]
    for step in range(3):
        (one,), (other,) = draws[0](step)[0].rows, draws[1](step)[0].rows
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
        assert np.array_equal(
            label.values, one.labels[name].values[timeline.samples], equal_nan=True
        )
    # a sample's row lies in a part of its own split
    assert len(timeline.labels["position"].values) == timeline.length
    for first, last, split in timeline.parts:
        assert (timeline.splits[(timeline.rows >= first) & (timeline.rows < last)] == split).all()


def test_labels_of_bins() -> None:
    parts = np.array([[0, 5, 0], [10, 14, 1]])
    turn = np.full(20, np.pi - 0.1)
    turn[1] = turn[3] = (
        -np.pi + 0.1
    )  # around the border of the circle, where a plain mean would be near zero
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
    activity, _ = view_activity(
        recording(session(samples=30), parts, neural=neural), ViewConfig(lag_ms=200)
    )
    assert np.isfinite(activity).all()
    assert (activity[:10, 1] == 0).all()


def test_order_of_the_steps() -> None:
    """Clipped before they are averaged, averaged before the square root: any other order gives
    other numbers.
    """
    neural = np.array([[0.0], [100.0], [4.0], [4.0]], np.float32)
    one = recording(session(samples=4, units=1, neural=neural), np.array([[0, 4, 0]]))
    found, _ = view_activity(one, ViewConfig(clip_max=8, bin_ms=200, sqrt=True, zscore=False))
    assert found[:, 0].tolist() == [2, 2]


def test_sessions_of_any_rate_come_to_one() -> None:
    """A slow wave recorded at three rates, seen at one."""
    seen = []
    for rate in (10.0, 14.5, 30.0):
        time = np.arange(round(20 * rate)) / rate
        wave = np.sin(2 * np.pi * time / 8).astype(np.float32)[:, None]
        one = session(samples=len(time), units=1, neural=wave, time=time, rate_hz=rate, labels={})
        found, _ = view_activity(
            recording(one, np.array([[0, len(time), 0]])), ViewConfig(resample_hz=10, zscore=False)
        )
        assert len(found) == 200
        middle = (np.arange(200) + 0.5) / 10 - 0.5 / rate if rate > 10 else np.arange(200) / 10
        np.testing.assert_allclose(found[:, 0], np.sin(2 * np.pi * middle / 8), atol=0.05)
        seen.append(found)


def test_normalized_time() -> None:
    parts = np.array([[0, 10, 1], [20, 30, 0], [40, 61, 0], [70, 80, 2]])
    one = recording(session(samples=100, labels={}), parts)
    timeline = make_timeline(one, ViewConfig(normalized_time=True))
    time = timeline.reference["time"].values[:, 0]
    assert time[timeline.samples == 20] == 0
    assert time[timeline.samples == 60] == 1
    assert time[timeline.samples == 40] == pytest.approx(0.5)
    assert time[0] == pytest.approx(-0.5)  # not clipped
    assert time[-1] > 1
    assert "time" not in make_timeline(one, ViewConfig()).labels


def test_normalized_time_without_training_samples_is_unknown() -> None:
    one = recording(session(samples=100), np.array([[0, 50, 1], [50, 100, 2]]))
    assert not make_timeline(one, ViewConfig(normalized_time=True)).reference["time"].labelled.any()
