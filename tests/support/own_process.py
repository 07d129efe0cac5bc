"""A pool of jobs without Ray and without further processes."""

from __future__ import annotations

from collections import deque
from typing import Any, Self

from raylab.tuning.pool import Ended, Function


class OwnProcess:
    """A pool without processes: `next` runs the jobs one after the other in this process."""

    slots = 1

    def __init__(self) -> None:
        self._waiting: deque[tuple[str, Function, Any]] = deque()

    def submit(self, key: str, function: Function, job: Any) -> None:
        self._waiting.append((key, function, job))

    def next(self, timeout_s: float | None = None) -> Ended | None:
        if not self._waiting:
            return None
        key, function, job = self._waiting.popleft()
        try:
            return Ended(key, function(job))
        except Exception as error:
            return Ended(key, error)

    def stop(self, key: str) -> None:
        self._waiting = deque(entry for entry in self._waiting if entry[0] != key)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: object) -> None:
        self._waiting.clear()
