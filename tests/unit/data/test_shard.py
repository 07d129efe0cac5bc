"""Shards: every row owned once, halos of a receptive field, any number of workers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import dataset, recording, session
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import parted

from raylab.config.encoders import OffsetEncoderConfig
from raylab.config.view import ViewConfig
from raylab.data.shard import assemble, cut, whole_shard
from raylab.data.views.view import Timeline, make_timeline, view_activity
from raylab.models.encoders import build_encoder
from raylab.tasks.embedding import embed_session
from raylab.tasks.protocol import Comm

fields = st.tuples(st.integers(0, 18), st.integers(1, 18))


def timeline_of(parts: np.ndarray, bin_ms: float = 0.0) -> Timeline:
    return make_timeline(
        recording(session(samples=int(parts.max()) + 5), parts), ViewConfig(bin_ms=bin_ms)
    )


@settings(max_examples=200, deadline=None)
@given(
    parts=parted(), workers=st.integers(1, 50), field=fields, bin_ms=st.sampled_from([0.0, 300.0])
)
def test_every_row_is_owned_once_and_its_window_is_held(
    parts: np.ndarray, workers: int, field: tuple[int, int], bin_ms: float
) -> None:
    (left, right), timeline = field, timeline_of(parts, bin_ms)
    shares = cut(timeline, workers=workers, left=left, right=right)
    assert len(shares) == workers
    owners = np.zeros(timeline.length, int)
    for share in shares:
        assert [chunk.start for chunk in share] == sorted(chunk.start for chunk in share)
        for chunk in share:
            owners[chunk.start : chunk.stop] += 1
            part = [row for row in timeline.parts.tolist() if row[0] == chunk.first]
            assert part
            assert part[0][1] == chunk.last
            assert chunk.low == max(chunk.first, chunk.start - left)
            assert chunk.high == min(chunk.last, chunk.stop + right - 1)
    assert (owners == 1).all()


@settings(max_examples=100, deadline=None)
@given(parts=parted(), workers=st.integers(1, 12))
def test_each_split_is_shared_evenly(parts: np.ndarray, workers: int) -> None:
    timeline = timeline_of(parts)
    shares = cut(timeline, workers=workers, left=2, right=3)
    for code in range(3):
        firsts = {row[0] for row in timeline.parts.tolist() if row[2] == code}
        owned = [sum(c.stop - c.start for c in share if c.first in firsts) for share in shares]
        assert max(owned) - min(owned) <= 1


@settings(max_examples=60, deadline=None)
@given(parts=parted(), workers=st.integers(1, 9), field=fields)
def test_a_worker_finds_its_rows_where_it_looks(
    parts: np.ndarray, workers: int, field: tuple[int, int]
) -> None:
    one = recording(session(samples=int(parts.max()) + 5, units=3), parts)
    timeline, (activity, fitted) = (
        make_timeline(one, ViewConfig()),
        view_activity(one, ViewConfig()),
    )
    total = torch.zeros(timeline.length, 3)
    for share in cut(timeline, workers=workers, left=field[0], right=field[1]):
        shard = assemble(timeline, share, [activity[c.low : c.high] for c in share], fitted)
        mine = (shard.local >= 0).nonzero()[:, 0]
        total[mine] += shard.x[shard.local[mine]]
    assert np.array_equal(total.numpy(), activity)


@pytest.mark.parametrize("workers", [2, 3, 40])
def test_workers_embed_together_as_one_does(workers: int) -> None:
    parts = np.array([[0, 60, 0], [63, 90, 1], [90, 101, 2], [101, 150, 0]])
    one = recording(session(samples=160, units=5), parts)
    timeline, (activity, fitted) = (
        make_timeline(one, ViewConfig()),
        view_activity(one, ViewConfig()),
    )
    torch.manual_seed(0)
    encoder = build_encoder(
        OffsetEncoderConfig(kind="offset10", hidden_units=4), units=5, output_dimension=3
    )

    def embedding(count: int) -> np.ndarray:
        shares = cut(timeline, workers=count, left=encoder.left, right=encoder.right)
        pieces = [
            assemble(timeline, share, [activity[c.low : c.high] for c in share], fitted)
            for share in shares
        ]
        return np.sum([embed_session(encoder, piece, Comm()) for piece in pieces], axis=0)

    np.testing.assert_allclose(embedding(workers), embedding(1), atol=1e-6)


def test_a_whole_shard_is_the_view_of_every_session(tmp_path: Path) -> None:
    made = dataset(tmp_path / "ds", session("a"), session("b", units=4, seed=1))
    view = ViewConfig(smoothing_ms=200)
    shard = whole_shard(made, view)
    assert list(shard) == ["a", "b"]
    for name, held in shard.items():
        activity, fitted = view_activity(made.open(name), view)
        assert np.array_equal(held.x.numpy(), activity)
        assert held.fitted.mean is not None
        assert fitted.mean is not None
        assert np.array_equal(held.fitted.mean, fitted.mean)
        assert torch.equal(held.local, torch.arange(len(activity)))
    assert whole_shard(made, view)["a"] is shard["a"]  # computed once


def test_the_cache_knows_other_data_by_its_content(tmp_path: Path) -> None:
    first = whole_shard(dataset(tmp_path / "ds", session(seed=0)), ViewConfig())["rat"].x
    for path in (tmp_path / "ds" / "sessions").iterdir():
        path.unlink()
    second = whole_shard(dataset(tmp_path / "ds", session(seed=1)), ViewConfig())["rat"].x
    assert not torch.equal(first, second)
