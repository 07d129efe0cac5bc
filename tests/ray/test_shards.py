"""Ray Data accounts for every sample: the shards of any number of workers add up to what one process holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import ray
import torch
from helpers import dataset, recipe_file, recording_file, session

import raylab
from raylab.cluster import connect
from raylab.config import BlockedSplits, ViewConfig
from raylab.data.dataset import Dataset
from raylab.data.shard import Shard, whole_shard
from raylab.data.shards import build_shard, map_items, split_dataset
from raylab.data.splits import SPLITS
from raylab.errors import DataError

pytestmark = pytest.mark.ray
VIEWS = {
    "plain": ViewConfig(zscore=False),
    "all at once": ViewConfig(smoothing_ms=250, bin_ms=200, lag_ms=100, sqrt=True),
}


@pytest.fixture(scope="module", autouse=True)
def _local_ray() -> Iterator[None]:
    connect(cpus=2)
    yield
    ray.shutdown()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Sessions of different numbers of units and samples, with pauses, whose splits have many parts."""
    pauses = [[0, 200], [210, 230], [240, 600]]
    sessions = [session("a", samples=700), session("b", units=4, samples=600, segments=pauses, seed=1)]
    sessions += [session("c", units=9, samples=90, seed=2)]
    return dataset(tmp_path_factory.mktemp("shards") / "ds", *sessions, splits=BlockedSplits(blocks=20))


def shards(data: Dataset, view: ViewConfig, workers: int, left: int, right: int) -> list[Shard]:
    shares = split_dataset(data, view, workers=workers, left=left, right=right)
    assert len(shares) == workers
    return [build_shard(data, view, share.iter_rows()) for share in shares]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("workers", [1, 2, 3])
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
def test_halos_are_a_receptive_field_wide_and_hold_the_neighbours_rows(data: Dataset, workers: int) -> None:
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
    assert cuts >= 2 * (workers - 1) * len(whole)  # the first and last split at least were cut in each session


def test_what_the_view_learnt_travels_with_the_shard(data: Dataset) -> None:
    view = VIEWS["all at once"]
    whole = whole_shard(data, view)
    for shard in shards(data, view, 2, 1, 1):
        for name, held in shard.items():
            fitted, expected = held.fitted, whole[name].fitted
            assert fitted is not None
            assert expected is not None
            assert np.array_equal(fitted.mean, expected.mean)
            assert np.array_equal(fitted.std, expected.std)


def test_map_items_returns_each_result_once() -> None:
    found = list(map_items(lambda item: {"square": item["n"] ** 2}, [{"n": n} for n in range(7)]))
    assert sorted(row["square"] for row in found) == [n**2 for n in range(7)]


def test_prepare_reads_many_files_through_ray_data(tmp_path: Path) -> None:
    """Same content as file by file; a broken one is named and the rest kept."""
    recipe = recipe_file(tmp_path)
    for number in range(3):
        recording_file(tmp_path / "raw", f"rat{number}.npz")
    (tmp_path / "raw" / "broken.npz").write_bytes(b"no archive")
    steps: list[tuple[int, int]] = []
    made = raylab.prepare(
        tmp_path / "raw", recipe=recipe, out=tmp_path / "ds", progress=lambda *step: steps.append(step)
    )
    assert list(made.dataset.sessions) == ["rat0", "rat1", "rat2"]
    assert [Path(entry["source"]).name for entry in made.failed] == ["broken.npz"]
    assert steps == [(done, 4) for done in range(1, 5)]
    alone = raylab.prepare(tmp_path / "raw" / "rat1.npz", recipe=recipe, out=tmp_path / "one").dataset
    assert np.array_equal(alone.open("rat1").neural, made.dataset.open("rat1").neural)
    with pytest.raises(DataError, match=r"broken\.npz"):
        raylab.prepare(tmp_path / "raw", recipe=recipe, out=tmp_path / "strict", strict=True)
    assert not (tmp_path / "strict").exists()
