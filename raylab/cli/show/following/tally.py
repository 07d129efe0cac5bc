"""The progress of `prepare`, counted by files, and by their bytes where these are known."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from raylab.reporting.progress.results import Progress


class Tally:
    """Counts the files of a dataset that are read, and estimates the time left from them.

    Args:
        name: Of the dataset.
        clock: Gives the time in seconds.
    """

    def __init__(self, name: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._name, self._clock = name, clock
        self._lock = threading.Lock()
        self._began = clock()
        self._since: float | None = None  # when reading began
        self._files = self._bytes = (0, 0)  # done, in all

    def __call__(self, done: int, total: int) -> None:
        """Take note that so many files of `total` are read."""
        with self._lock:
            self._files = done, total

    def sized(self, done: int, total: int) -> None:
        """Take note that files of so many bytes of `total` are read; 0 when reading begins."""
        with self._lock:
            self._bytes = done, total
            self._since = self._clock() if self._since is None else self._since

    def progress(self) -> Progress | None:
        """The progress; None before the number of files is known."""
        with self._lock:
            (done, total), since = self._files, self._since
            done_bytes, total_bytes = self._bytes
        if not total:
            return None
        from raylab.data.preparation.progress import size_text
        from raylab.reporting.progress.results import Progress
        from raylab.reporting.progress.wording import count, duration

        now = self._clock()
        took = now - (self._began if since is None else since)
        share = done_bytes / total_bytes if total_bytes else done / total
        read = size_text(done_bytes) if total_bytes else count(done, "file")
        return Progress(
            study=self._name,
            kind="prepare",
            state="running",
            phase="prepare",
            done=done,
            total=total,
            elapsed_s=now - self._began,
            left_s=took * (1 - share) / share if share else None,
            left_from=f"{read} in {duration(took)}" if share else None,
        )
