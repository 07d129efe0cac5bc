"""Processes are ended by recorded identity: the one that was meant, and never another."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from raylab.processes import (
    child_processes,
    host,
    is_alive,
    read_process,
    reap,
    this_process,
    write_process,
)

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(SLEEP)
    yield process
    process.kill()
    process.wait()


def test_a_recorded_process_is_ended_once(child: subprocess.Popen[bytes]) -> None:
    recorded = [one for one in child_processes() if one["pid"] == child.pid]
    assert is_alive(recorded[0])
    assert reap(recorded) == [child.pid]
    assert not psutil.pid_exists(child.pid)
    assert not is_alive(recorded[0])
    assert reap(recorded) == []


def test_another_process_of_that_number_is_left_alone(child: subprocess.Popen[bytes]) -> None:
    recorded = {"host": host(), "pid": child.pid, "began": psutil.Process(child.pid).create_time()}
    for other in (
        {"began": recorded["began"] - 5},
        {"host": "another machine"},
        {"pid": 2**22 + 1},
    ):
        assert reap([{**recorded, **other}]) == []
    assert reap([{"pid": child.pid}, {}]) == []
    assert child.poll() is None


def test_this_process_and_those_above_it_are_spared(tmp_path: Path) -> None:
    write_process(tmp_path / "process-0.json")
    found = read_process(tmp_path / "process-0.json")
    assert found == this_process()
    parent = psutil.Process(os.getppid())
    assert reap([found, {"host": host(), "pid": parent.pid, "began": parent.create_time()}]) == []
    assert is_alive(found)


def test_a_file_that_was_cut_short_names_no_process(tmp_path: Path) -> None:
    (tmp_path / "process-0.json").write_text('{"host": "')
    assert read_process(tmp_path / "process-0.json") is None
    assert time.time() > this_process()["began"]
