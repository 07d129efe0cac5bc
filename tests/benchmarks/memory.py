"""Memory of a process and all it started, as Linux counts it: shared pages divided among those that
share them.
"""

from __future__ import annotations

import contextlib
import threading
import time
from pathlib import Path


def descendants(pid: int) -> set[int]:
    """A process and everything below it."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            parents.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    family, waiting = set(), [pid]
    while waiting:
        process = waiting.pop()
        family.add(process)
        waiting += parents.get(process, [])
    return family


def proportional_mib(pids: set[int]) -> float:
    """MiB of the proportional set size (PSS): a page that four processes map counts a quarter for
    each.
    """
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError, StopIteration):
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            total += int(next(line for line in lines if line.startswith("Pss:")).split()[1])
    return total / 1024


class Peak(threading.Thread):
    """The largest PSS of a process tree while it runs, looked at ten times a second."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.mib = pid, 0.0
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.is_set():
            self.mib = max(self.mib, proportional_mib(descendants(self.pid)))
            time.sleep(0.1)

    def stop(self) -> float:
        self._ended.set()
        self.join()
        return self.mib
