"""`prepare` over many files with real Ray: all there once, whatever fails, dies or is killed."""

from __future__ import annotations

import os
import signal
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import ray
from helpers import recipe_file, recording_file
from processes import raylab as command

import raylab
from raylab.cluster import connect
from raylab.data.preparation.parallel import map_items
from raylab.errors import DataError

pytestmark = pytest.mark.ray


@pytest.fixture(scope="module", autouse=True)
def _cluster() -> Iterator[None]:
    connect(cpus=2)
    yield
    ray.shutdown()


def test_each_item_comes_back_once_and_a_task_that_dies_is_told() -> None:
    def square(item: dict[str, Any]) -> dict[str, Any]:
        if item["n"] == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return {"square": item["n"] ** 2}

    found = dict(map_items(square, [{"n": n} for n in range(7)], at_once=2))
    assert found == {n: None if n == 3 else {"square": n**2} for n in range(7)}


def test_a_task_that_fails_is_told_and_no_call_is_deprecated() -> None:
    def half(item: dict[str, Any]) -> dict[str, Any]:
        return {"half": 1 / item["n"]}

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert dict(map_items(half, [{"n": 0}, {"n": 2}], at_once=2)) == {0: None, 1: {"half": 0.5}}


def test_no_more_files_at_once_than_allowed(tmp_path: Path) -> None:
    def busy(item: dict[str, Any]) -> dict[str, Any]:
        mark = tmp_path / str(item["n"])
        mark.touch()
        time.sleep(0.3)
        seen = len(list(tmp_path.iterdir()))
        mark.unlink()
        return {"seen": seen}

    together = [
        result["seen"]
        for _, result in map_items(busy, [{"n": n} for n in range(6)], at_once=1)
        if result
    ]
    assert together == [1] * 6


def test_many_files_on_a_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Same content as file by file; a broken one is named and the rest kept.

    Where an address names a Ray, its tasks wait for the reading processes.
    """
    monkeypatch.setenv("RAY_ADDRESS", ray.get_runtime_context().gcs_address)
    tasks: list[int] = []

    def mapped(function: Any, items: Any, *, at_once: int) -> Iterator[tuple[int, Any]]:
        tasks.append(len(items))
        yield from map_items(function, items, at_once=at_once)

    monkeypatch.setattr("raylab.data.preparation.parallel.map_items", mapped)
    recipe = recipe_file(tmp_path)
    for number in range(3):
        recording_file(tmp_path / "raw", f"rat{number}.npz")
    (tmp_path / "raw" / "broken.npz").write_bytes(b"no archive")
    steps: list[tuple[int, int]] = []
    made = raylab.prepare(
        tmp_path / "raw",
        recipe=recipe,
        out=tmp_path / "ds",
        progress=lambda *step: steps.append(step),
    )
    assert list(made.dataset.sessions) == ["rat0", "rat1", "rat2"]
    assert [Path(failure.source).name for failure in made.failed] == ["broken.npz"]
    assert steps == [(done, 4) for done in range(1, 5)]
    assert tasks == [4]
    alone = raylab.prepare(
        tmp_path / "raw" / "rat1.npz", recipe=recipe, out=tmp_path / "one"
    ).dataset
    assert np.array_equal(alone.open("rat1").neural, made.dataset.open("rat1").neural)
    with pytest.raises(DataError, match=r"broken\.npz"):
        raylab.prepare(tmp_path / "raw", recipe=recipe, out=tmp_path / "strict", strict=True)
    assert not (tmp_path / "strict").exists()


@pytest.mark.chaos
def test_killed_and_run_again(tmp_path: Path) -> None:
    """SIGKILL of the command while it reads: finished sessions are not read again, the dataset is
    the same.
    """
    for number in range(12):
        recording_file(
            tmp_path / "raw",
            f"rat{number:02}.npz",
            x=np.random.default_rng(number).normal(size=(400, 400)),
        )
    call = (
        "prepare",
        tmp_path / "raw",
        "--recipe",
        recipe_file(tmp_path),
        "--memory",
        "1MB",
        "--out",
        tmp_path / "ds",
    )
    entries = tmp_path / "ds.partial" / "entries"
    with command(*call, log=tmp_path / "log") as process:
        until = time.monotonic() + 120
        while len(list(entries.glob("*.json"))) < 3 and time.monotonic() < until:
            time.sleep(0.01)
        process.kill()
    before = {path.name: path.stat().st_mtime_ns for path in entries.glob("*.json")}
    assert 3 <= len(before) <= 12, (tmp_path / "log").read_text()
    assert not (tmp_path / "ds").exists()
    sessions = {
        path.name: path.stat().st_ino for path in (tmp_path / "ds.partial" / "sessions").iterdir()
    }
    with command(*call, log=tmp_path / "log") as process:
        assert process.wait(120) == 0, (tmp_path / "log").read_text()
    made = raylab.Dataset(tmp_path / "ds")
    made.verify()
    kept = {path.stat().st_ino for path in (tmp_path / "ds" / "sessions").iterdir()}
    assert {sessions[name.replace(".json", ".safetensors")] for name in before} <= kept
    whole = raylab.prepare(
        tmp_path / "raw", recipe=tmp_path / "recipe.yaml", out=tmp_path / "whole"
    ).dataset
    assert made.fingerprint == whole.fingerprint
    assert not (tmp_path / "ds.partial").exists()
