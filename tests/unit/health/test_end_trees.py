"""Processes are ended together with everything that they began."""

from __future__ import annotations

import subprocess
import sys
import time

import psutil

from raylab.processes import end_trees

CHILD = "import time; time.sleep(60)"
PARENT = f"""
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", {CHILD!r}])
print("begun", flush=True)
time.sleep(60)
"""


def gone(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_process_and_what_it_began_are_ended_and_no_other() -> None:
    trees = [
        subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) for _ in range(2)
    ]
    other = subprocess.Popen([sys.executable, "-c", CHILD])
    for tree in trees:
        assert tree.stdout is not None
        tree.stdout.readline()
    below = [child for tree in trees for child in psutil.Process(tree.pid).children()]
    assert len(below) == 2
    began = time.monotonic()
    end_trees([*(tree.pid for tree in trees), 2**22 + 1])
    assert time.monotonic() - began < 5
    assert all(map(gone, below))
    assert [tree.wait(1) for tree in trees] == [-9, -9]
    assert other.poll() is None
    other.kill()
    other.wait()
