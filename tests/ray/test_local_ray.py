"""A local Ray: what it runs, and that nothing of it is left. What `ray_private.py` uses of Ray's
private API is still there and means the same.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import ray
import yaml
from helpers import dataset
from processes import wait_until

from raylab import cluster
from raylab.cluster import NICENESS
from raylab.local_ray import Warm
from raylab.ray_private import current_node

pytestmark = pytest.mark.ray
earlier: set[psutil.Process] = set()  # children of other tests, such as a server that reads files


@pytest.fixture(autouse=True)
def _no_ray() -> Iterator[None]:
    end_all()
    earlier.update(psutil.Process().children(recursive=True))
    yield
    end_all()


def end_all() -> None:
    ray.shutdown()
    if cluster._local is not None:
        cluster._local.end()
        cluster._local = None


def below() -> list[psutil.Process]:
    """The processes that a test began."""
    return [each for each in psutil.Process().children(recursive=True) if each not in earlier]


def commands(processes: list[psutil.Process]) -> str:
    return "\n".join(" ".join(process.cmdline()) for process in processes)


def workers() -> int:
    """Worker processes of Ray, before and after they have renamed themselves."""
    shown = [" ".join(process.cmdline()) for process in alive(below())]
    return sum("default_worker.py" in line or line.startswith("ray::IDLE") for line in shown)


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [
        process
        for process in processes
        if process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    ]


@ray.remote(num_cpus=1)
def look() -> tuple[int, bool]:
    return os.nice(0), "wave" in sys.modules


def test_what_runs_and_that_nothing_is_left() -> None:
    cluster.connect(cpus=2, warm=Warm(("wave",), workers=3))
    wait_until(lambda: workers() >= 3, seconds=60)
    assert ray.get(look.remote()) == (os.nice(0) + NICENESS, True)
    assert current_node() is not None
    processes = below()
    shown = commands(processes)
    for server in ("gcs_server", "raylet"):
        assert server in shown
    for needless in ("monitor.py", "log_monitor.py", "dashboard/dashboard.py"):
        assert needless not in shown
    assert sum(process.nice() == 15 for process in processes) >= 2  # the scheduler's helpers
    ray.shutdown()
    assert alive(processes) == []
    assert current_node() is None
    cluster.connect(cpus=1)  # another one starts
    assert ray.cluster_resources()["CPU"] == 1


@pytest.mark.parametrize("lacking", ["everything", "a signature", "a port"])
def test_a_ray_with_another_private_api_starts_in_the_public_way(
    monkeypatch: pytest.MonkeyPatch, lacking: str
) -> None:
    if lacking == "everything":
        monkeypatch.setitem(sys.modules, "raylab.ray_private", None)
    elif lacking == "a signature":  # noticed when the server of the state runs already
        monkeypatch.setattr("raylab.ray_private.LocalNode.start_api_server", lambda node: None)
    else:
        monkeypatch.setattr("raylab.ray_private._HELPERS", ("a_port_of_the_past",))
    cluster.connect(cpus=1, warm=Warm(("wave",), workers=1))
    assert ray.get(look.remote())[0] == os.nice(0) + NICENESS
    assert "monitor.py" in commands(below())
    cluster.connect()  # the same one
    processes = below()
    assert sum("gcs_server" in commands([process]) for process in processes) == 1
    ray.shutdown()
    wait_until(lambda: not alive(processes), seconds=30)
    monkeypatch.undo()
    cluster.connect(cpus=1)
    assert "monitor.py" not in commands(alive(below()))


def test_a_ray_that_nobody_wants_any_more_is_ended() -> None:
    with pytest.raises(ValueError, match="the check"), cluster.begun():
        raise ValueError("the check")
    wait_until(
        lambda: not any(thread.name == "local-ray" for thread in threading.enumerate()), seconds=30
    )
    assert not ray.is_initialized()
    assert not any(name in commands(alive(below())) for name in ("gcs_server", "raylet"))


def test_an_error_after_ray_has_begun_leaves_nothing(tmp_path: Path) -> None:
    """A window longer than any segment is found by the check of the families only."""
    dataset(tmp_path / "ds")
    space = {
        "task": {"kind": "decoder", "label": "position"},
        "base": {"model": {"kind": "ridge"}, "evaluation": {"per": "segmnt"}},
    }
    (tmp_path / "space.yaml").write_text(yaml.safe_dump(space))
    command = ("search", "space.yaml", "--data", "ds", "--out", "study")
    environment = {**os.environ, "RAY_TMPDIR": "/tmp", "MARK_OF_TEST": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "raylab.cli", *command],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 2, done.stderr
    assert "evaluation.per" in done.stderr
    assert len(done.stderr.partition("raylab: ")[2].splitlines()) == 2
    assert "Traceback" not in done.stderr
    marked = [process for process in psutil.process_iter() if is_marked(process, tmp_path)]
    assert alive(marked) == []


def is_marked(process: psutil.Process, mark: Path) -> bool:
    try:
        return process.environ().get("MARK_OF_TEST") == str(mark)
    except psutil.Error:
        return False
