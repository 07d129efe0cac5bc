"""Ray Data accounts for every sample: the shards of any number of workers add up to what one
process holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import ray
import torch
from helpers import dataset, session

from raylab.cluster import connect
from raylab.config.splits import BlockedSplits, GivenSplits
from raylab.config.view import SessionsConfig, ViewConfig
from raylab.data.dataset import Dataset
from raylab.data.shard import Shard, whole_shard
from raylab.data.shards import build_shard, session_chunks, split_dataset
from raylab.data.splitting.splits import SPLITS

pytestmark = pytest.mark.ray
VIEWS = {
    "plain": ViewConfig(zscore=False),
    "all at once": ViewConfig(smoothing_ms=250, bin_ms=200, lag_ms=100, sqrt=True),
    "some units": ViewConfig(
        resample_hz=7, outlier_z=50, selection={"kind": "correlation", "count": 3}
    ),
}


@pytest.fixture(scope="module", autouse=True)
def _local_ray() -> Iterator[None]:
    connect(cpus=2)
    yield
    ray.shutdown()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Sessions of different numbers of units and samples, with pauses, whose splits have many
    parts.
    """
    pauses = [[0, 200], [210, 230], [240, 600]]
    sessions = [
        session("a", samples=700),
        session("b", units=4, samples=600, segments=pauses, seed=1),
    ]
    sessions += [session("c", units=9, samples=90, seed=2)]
    return dataset(
        tmp_path_factory.mktemp("shards") / "ds", *sessions, splits=BlockedSplits(blocks=20)
    )


def shards(data: Dataset, view: ViewConfig, workers: int, left: int, right: int) -> list[Shard]:
    shares = split_dataset(data, view, workers=workers, left=left, right=right)
    assert len(shares) == workers
    return [build_shard(data, view, share.iter_rows()) for share in shares]


@pytest.mark.parametrize(
    ("workers", "view"), [(1, "plain"), (2, "plain"), (3, "all at once"), (2, "some units")]
)
def test_every_row_of_every_split_is_owned_once(data: Dataset, workers: int, view: str) -> None:
    left, right = 5, 6
    found = shards(data, VIEWS[view], workers, left, right)
    for name, whole in whole_shard(data, VIEWS[view]).items():
        timeline, owners = whole.timeline, np.zeros(whole.timeline.length, int)
        rebuilt = torch.full_like(whole.x, torch.nan)
        for shard in found:
            mine = (shard[name].local >= 0).nonzero()[:, 0]
            owners[mine] += 1
            rebuilt[mine] = shard[name].x[shard[name].local[mine]]
        assert (owners == 1).all()
        assert torch.equal(rebuilt, whole.x)
        # The reference samples of each split, counted over the workers, are those of the manifest.
        counted = {split: int((timeline.splits == code).sum()) for code, split in enumerate(SPLITS)}
        assert counted == data.sessions[name].splits
        assert sum(owners[timeline.rows] == 1) == sum(data.sessions[name].splits.values())


@pytest.mark.parametrize("workers", [2, 3])
def test_halos_are_a_receptive_field_wide_and_hold_the_neighbours_rows(
    data: Dataset, workers: int
) -> None:
    left, right = 5, 6
    view, cuts = VIEWS["all at once"], 0
    whole = whole_shard(data, view)
    for shard in shards(data, view, workers, left, right):
        for name, held in shard.items():
            offset = 0
            for chunk in held.chunks:
                piece = held.x[offset : offset + chunk.high - chunk.low]
                offset += len(piece)
                assert torch.equal(piece, whole[name].x[chunk.low : chunk.high])
                assert chunk.low == max(chunk.first, chunk.start - left)
                assert chunk.high == min(chunk.last, chunk.stop + right - 1)
                cuts += (chunk.low < chunk.start) + (chunk.high > chunk.stop)
            assert offset == len(held.x)
    assert cuts >= 2 * (workers - 1) * len(
        whole
    )  # the first and last split at least were cut in each session


def test_what_the_view_learnt_travels_with_the_shard(data: Dataset) -> None:
    view = VIEWS["some units"]
    whole = whole_shard(data, view)
    for shard in shards(data, view, 2, 1, 1):
        for name, held in shard.items():
            assert held.x.shape[1] == 3
            for key, array in held.fitted.arrays().items():
                assert np.array_equal(array, whole[name].fitted.arrays()[key])


def test_a_worker_that_owns_nothing_knows_how_wide_a_session_is(data: Dataset) -> None:
    view = VIEWS["some units"]
    item = {
        "path": str(data.path),
        "session": "c",
        "view": view.model_dump_json(),
        "known": b"",
        "sessions": SessionsConfig().model_dump_json(),
    }
    rows = session_chunks({**item, "workers": 200, "left": 1, "right": 1})
    held = build_shard(data, view, [row for row in rows if row["worker"] == 0])
    assert held["c"].x.shape == (0, 3)
    assert held["c"].chunks == ()


@pytest.mark.parametrize(("zscore", "fraction"), [(True, 1.0), (True, 0.3), (False, 1.0)])
def test_sessions_that_are_held_out_whole(tmp_path: Path, zscore: bool, fraction: float) -> None:
    """Viewed with what the training sessions have in common, on every worker as in one process."""
    whole = np.array([[0, 400]])
    sessions = [
        session(name, given={split: whole}, seed=ord(name))  # copies would be refused
        for name, split in zip("abc", ("valid", "train", "test"))
    ]
    sessions.append(session("d", units=3, seed=1, given={"train": whole}))
    data, view = (
        dataset(tmp_path / "ds", *sessions, splits=GivenSplits()),
        ViewConfig(zscore=zscore),
    )
    padded = SessionsConfig(combine="padded", training_fraction=fraction)
    expected = whole_shard(data, view, padded)
    shares = split_dataset(data, view, padded, workers=2, left=0, right=1)
    found = [build_shard(data, view, share.iter_rows(), padded) for share in shares]
    for name, one in expected.items():
        assert torch.equal(torch.cat([shard[name].x for shard in found]), one.x)
        assert all(
            np.array_equal(shard[name].timeline.parts, one.timeline.parts) for shard in found
        )
        for key, array in one.fitted.arrays().items():
            assert all(np.array_equal(array, shard[name].fitted.arrays()[key]) for shard in found)


def test_no_session_goes_missing(tmp_path: Path) -> None:
    """`prepare` goes on past files that fail; a training does not."""
    broken = dataset(tmp_path / "ds", session("a"), session("b", seed=1))
    next((tmp_path / "ds" / "sessions").glob("b*")).unlink()
    with pytest.raises(Exception, match="no such file"):
        split_dataset(broken, VIEWS["plain"], workers=2, left=0, right=1)


def test_the_first_session_alone(data: Dataset) -> None:
    first = SessionsConfig(combine="first")
    shares = split_dataset(data, VIEWS["plain"], first, workers=2, left=0, right=1)
    assert [list(build_shard(data, VIEWS["plain"], share.iter_rows())) for share in shares] == [
        ["a"],
        ["a"],
    ]
