"""Nothing that trains sees a sample of another split, another segment, or of no split: shown on
what it is given.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers import dataset, recording, session, trial
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from raylab.config.encoders import LinearEncoderConfig
from raylab.config.sampling import sampling_section
from raylab.config.splits import BlockedSplits, ChronologicalSplits, SplitsConfig, TrialSplits
from raylab.config.view import ViewConfig
from raylab.data.dataset import Dataset
from raylab.data.session import Label, Session, segments_from_mask
from raylab.data.shard import assemble, cut, whole_shard
from raylab.data.splitting.splits import make_parts
from raylab.data.views.view import Fitted, make_timeline, view_activity
from raylab.errors import DataError, TrainingError
from raylab.models.encoders import build_encoder
from raylab.sampling.contrastive import PairSampler
from raylab.tasks.families import get_task
from raylab.tasks.windows import session_windows

# -- every option of a view at once: what is not training is replaced, and nothing of the training
# changes

EVERYTHING: dict[str, Any] = {
    "lag_ms": 200,
    "clip_min": -1.5,
    "clip_max": 2.5,
    "smoothing_ms": 300,
    "sqrt": True,
    "outlier_z": 50,
    "zscore": True,
    "normalized_time": True,
}
SELECTIONS: list[dict[str, Any]] = [
    {"kind": "variance", "count": 4},
    {"kind": "random", "count": 4},
    {"kind": "correlation", "count": 4, "label": "heading"},
    {"kind": "correlation", "count": 4, "label": "choice"},
]
SPLITS = BlockedSplits(blocks=12, gap_s=0.3)


def replaced(one: Session, seed: int) -> Session:
    """The session with other activity, labels and time wherever it does not train, the pauses
    included.
    """
    random = np.random.default_rng(seed)
    other = session(one.id, samples=len(one.time), units=one.neural.shape[1], seed=seed + 100)
    neural, time = random.normal(50, 90, one.neural.shape).astype(np.float32), one.time + 1e4
    labels = {name: np.array(label.values) for name, label in other.labels.items()}
    for start, stop, code in make_parts(one, SPLITS, source=one.id):
        if code == 0:
            neural[start:stop], time[start:stop] = one.neural[start:stop], one.time[start:stop]
            for name, values in labels.items():
                values[start:stop] = one.labels[name].values[start:stop]
    kept = {
        name: Label(kind=label.kind, values=labels[name], unit=label.unit, classes=label.classes)
        for name, label in one.labels.items()
    }
    return Session(**{**vars(one), "neural": neural, "time": time, "labels": kept})


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Dataset, Dataset]:
    folder = tmp_path_factory.mktemp("leaks")
    sessions = [session("a", samples=700, units=9), session("b", samples=600, seed=1)]
    others = [replaced(one, seed) for seed, one in enumerate(sessions)]
    return dataset(folder / "a", *sessions, splits=SPLITS), dataset(
        folder / "b", *others, splits=SPLITS
    )


@pytest.mark.parametrize(
    "rows", [{"bin_ms": 300}, {"resample_hz": 7.0}, {"resample_hz": 16.0}], ids=str
)
@pytest.mark.parametrize("selection", SELECTIONS, ids=str)
@pytest.mark.parametrize("combine", ["separate", "padded"])
def test_training_is_the_same_to_the_bit(
    pair: tuple[Dataset, Dataset], rows: dict[str, float], selection: dict[str, Any], combine: str
) -> None:
    config = trial(
        view={**EVERYTHING, **rows, "selection": selection},
        sessions={"combine": combine},
        model={"encoder": {"kind": "offset5", "hidden_units": 4}},
        sampling={"conditional": "time_delta", "time_offset": 1, "labels": ["position", "time"]},
    )
    shards = [whole_shard(data, config.view, config.sessions) for data in pair]
    changed = 0
    for mine, theirs in zip(shards[0].values(), shards[1].values()):
        assert np.array_equal(mine.timeline.parts, theirs.timeline.parts)
        for name, array in mine.fitted.arrays().items():
            assert np.array_equal(array, theirs.fitted.arrays()[name]), name
        for start, stop, code in mine.timeline.parts:
            if code == 0:
                assert torch.equal(mine.x[start:stop], theirs.x[start:stop])
                for name, label in mine.timeline.labels.items():
                    assert np.array_equal(
                        label.values[start:stop], theirs.timeline.labels[name].values[start:stop]
                    )
            changed += int(code != 0 and not torch.equal(mine.x[start:stop], theirs.x[start:stop]))
    assert changed > 4  # else nothing was put to the test
    task = get_task(config)
    one, other = (task.batches(config, shard)(3) for shard in shards)
    assert all(torch.equal(a.rows[0], b.rows[0]) for a, b in zip(one, other, strict=True))


# -- each part of a recording holds a number of its own: wherever another one turns up, something
# was crossed

LAYOUTS: list[SplitsConfig] = [
    ChronologicalSplits(gap_s=0.1),
    BlockedSplits(blocks=7, seed=3),
    BlockedSplits(blocks=10, gap_s=0.2, seed=1),
    TrialSplits(seed=2),
]


@st.composite
def recorded(draw: st.DrawFn) -> tuple[Session, np.ndarray]:
    """A session whose mask leaves segments, split somehow; activity and label say which part a
    sample is of.
    """
    lengths = draw(st.lists(st.integers(1, 70), min_size=3, max_size=8))
    mask = np.concatenate(
        [np.repeat([True, False], [length, draw(st.integers(1, 6))]) for length in lengths]
    )
    one = session(samples=len(mask), units=2, segments=segments_from_mask(mask))
    try:
        parts = make_parts(one, draw(st.sampled_from(LAYOUTS)), source="rat")
    except DataError:  # too short for its splits
        assume(False)
    number = np.full(len(mask), -1000.0)
    for at, (start, stop, _) in enumerate(parts):
        number[start:stop] = at + 1
    neural = np.stack([number, number], axis=1).astype(np.float32)
    return Session(
        **{**vars(one), "neural": neural, "labels": {"part": Label.continuous(number)}}
    ), parts


sentinel_views = st.builds(
    lambda rows, **view: ViewConfig(zscore=False, **rows, **view),
    rows=st.sampled_from(
        [{}, {"bin_ms": 200}, {"bin_ms": 500}, {"resample_hz": 3.7}, {"resample_hz": 23.0}]
    ),
    lag_ms=st.sampled_from([0.0, 300.0, -700.0, 30_000.0]),
    smoothing_ms=st.sampled_from([0.0, 100.0, 2000.0]),
)


@settings(max_examples=150, deadline=None)
@given(
    made=recorded(),
    view=sentinel_views,
    field=st.integers(1, 14),
    conditional=st.sampled_from(["time", "time_delta", "delta"]),
    offset=st.integers(1, 12),
    workers=st.integers(1, 3),
)
def test_windows_hold_one_part_of_training(
    made: tuple[Session, np.ndarray],
    view: ViewConfig,
    field: int,
    conditional: str,
    offset: int,
    workers: int,
) -> None:
    one, parts = made
    source = recording(one, parts)
    timeline, (activity, fitted) = make_timeline(source, view), view_activity(source, view)
    part_of = np.repeat(np.arange(len(parts)), timeline.parts[:, 1] - timeline.parts[:, 0])
    np.testing.assert_allclose(timeline.labels["part"].values[:, 0], part_of + 1, atol=1e-9)
    encoder = build_encoder(
        LinearEncoderConfig(kind="linear", receptive_field=field),
        units=2,
        output_dimension=2,
        normalize=False,
    )
    config = trial(sampling=sampling_section(conditional=conditional, time_offset=offset)).sampling
    try:
        sampler = PairSampler.build(
            timeline.parts[timeline.parts[:, 2] == 0, :2],
            left=encoder.left,
            right=encoder.right,
            labels=[[timeline.labels["part"]]],
            config=config,
            seed=0,
        )
    except TrainingError:  # no part is long enough
        assume(False)
    drawn = sampler.draw(0, 32)
    rows = drawn.rows
    if conditional == "time":
        assert (part_of[drawn.reference] == part_of[drawn.positive[0]]).all()
    owners = torch.zeros(timeline.length, dtype=torch.int64)
    for chunks in cut(timeline, workers=workers, left=encoder.left, right=encoder.right):
        shard = assemble(timeline, chunks, [activity[c.low : c.high] for c in chunks], fitted)
        for chunk in chunks:  # what is embedded at validation
            assert (part_of[chunk.low : chunk.high] == part_of[chunk.start]).all()
        mine = rows.flatten()[shard.local[rows.flatten()] >= 0]
        owners[mine] += 1
        seen = session_windows(shard, encoder, mine).flatten(1).numpy()
        number = part_of[mine.numpy()]
        assert (parts[number, 2] == 0).all()
        np.testing.assert_allclose(
            seen, np.repeat(number[:, None] + 1.0, seen.shape[1], 1), rtol=1e-5
        )
    assert (owners[rows.flatten().unique()] > 0).all()


def test_the_sentinels_would_tell(tmp_path: Path) -> None:
    """A view that is computed across a border fails the test above: smoothing over two parts as if
    they were one.
    """
    number = np.repeat([1.0, 2.0], 20).astype(np.float32)[:, None]
    whole = recording(session(samples=40, units=1, neural=number), np.array([[0, 40, 0]]))
    apart = recording(
        session(samples=40, units=1, neural=number), np.array([[0, 20, 0], [20, 40, 0]])
    )
    view = ViewConfig(smoothing_ms=200, zscore=False)
    (crossed, _), (kept, fitted) = view_activity(whole, view), view_activity(apart, view)
    assert isinstance(fitted, Fitted)
    assert not np.allclose(crossed, number)
    np.testing.assert_allclose(kept, number, rtol=1e-6)
