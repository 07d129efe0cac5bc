"""A pool of Ray actors: warm processes, deaths, and jobs that are stopped."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import ray
from processes import alive, wait_until
from ray import cloudpickle

from raylab.cluster import connect
from raylab.errors import DataError
from raylab.space.settings import Resources
from raylab.tuning.pool import Ended, ProcessDied, RayPool

pytestmark = pytest.mark.ray


@pytest.fixture(scope="module", autouse=True)
def _cluster() -> Iterator[None]:
    connect(cpus=2)
    # The processes of the pool cannot import this file.
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    yield
    cloudpickle.unregister_pickle_by_value(sys.modules[__name__])
    ray.shutdown()


def process(job: object) -> int:
    return os.getpid()


def refuse(job: str) -> None:
    raise DataError(f"{job}: is wrong", "Mend it.")


def die_until(marks: tuple[str, int]) -> str:
    """Kill the own process the first few times."""
    folder, times = Path(marks[0]), marks[1]
    tries = len(list(folder.iterdir()))
    (folder / str(tries)).touch()
    if tries < times:
        os.kill(os.getpid(), signal.SIGKILL)
    return f"try {tries + 1}"


def wait(path: str) -> None:
    Path(path).write_text(str(os.getpid()))
    time.sleep(600)


def test_a_process_stays_warm_and_errors_arrive_whole() -> None:
    with RayPool(1, Resources()) as pool:
        pool.submit("a", process, None)
        first = pool.next()
        pool.submit("b", refuse, "x.h5")
        failed = pool.next()
        pool.submit("c", process, None)
        again = pool.next()
    assert first is not None
    assert again == Ended("c", first.value)
    assert failed is not None
    with pytest.raises(DataError, match="is wrong"):
        raise failed.value


def test_a_job_whose_process_dies_is_tried_again_three_times(tmp_path: Path) -> None:
    lost: list[str] = []
    for name in ("mends", "fails"):
        (tmp_path / name).mkdir()
    with RayPool(1, Resources(), on_lost=lambda key, reason: lost.append(key)) as pool:
        pool.submit("mends", die_until, (str(tmp_path / "mends"), 3))
        assert pool.next() == Ended("mends", "try 4")
        assert lost == ["mends"] * 3
        pool.submit("fails", die_until, (str(tmp_path / "fails"), 9))
        ended = pool.next()
        assert ended is not None
        assert isinstance(ended.value, ProcessDied)
        pool.submit("goes on", process, None)
        assert pool.next() is not None


def test_a_stopped_job_ends_with_its_process_and_frees_its_place(tmp_path: Path) -> None:
    with RayPool(1, Resources(cpus=2)) as pool:
        pool.submit("long", wait, str(tmp_path / "pid"))
        assert pool.next(timeout_s=1.0) is None
        wait_until(lambda: (tmp_path / "pid").exists(), seconds=20)
        pool.stop("long")
        pool.submit("next", process, None)
        ended = pool.next(timeout_s=30)
        assert ended is not None
        pid = int((tmp_path / "pid").read_text())
        wait_until(lambda: not alive({pid}), seconds=10)
    wait_until(lambda: not alive({ended.value}), seconds=10)
