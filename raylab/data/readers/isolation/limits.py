"""How much memory an array may take.

The limit is checked before an array is read, because a small file can state or hold terabytes.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any, Protocol

from raylab.errors import ConfigError, DataError

SETTING = "RAYLAB_MAX_ARRAY_GB"
SHARE = (
    0.25  # of the machine's memory: an array is held up to four times while it becomes a session
)
CGROUP = Path("/sys/fs/cgroup/memory.max")


def machine_memory() -> int:
    """Bytes of memory that this process may use: those of the machine or of its container."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(physical, int(CGROUP.read_text()))
    except (OSError, ValueError):  # no container, or one without a limit (`max`)
        return physical


def largest_array() -> float:
    """Bytes; `RAYLAB_MAX_ARRAY_GB`, by default a quarter of the memory.

    Raises:
        ConfigError: The setting is not a positive number.
    """
    text = os.environ.get(SETTING, "")
    if not text:
        return SHARE * machine_memory()
    try:
        gigabytes = float(text)
    except ValueError:
        gigabytes = -1.0
    if not gigabytes > 0:
        raise ConfigError(
            f"{SETTING}={text} is not a positive number", f"For example: {SETTING}=16"
        )
    return gigabytes * 1e9


def allow(size: float, what: str) -> None:
    """DataError where `what`, of `size` bytes, is larger than an array may be."""
    limit = largest_array()
    if size > limit:
        raise DataError(
            f"{what} takes {size / 1e9:,.1f} GB of memory, the limit is {limit / 1e9:,.1f} GB",
            f"If the file is as it should be, set {SETTING} to a higher number of gigabytes.",
        )


class Stream(Protocol):
    """What can be read from, such as an open file."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""

    def close(self) -> None:
        """Release the stream."""


class Bounded(io.RawIOBase):
    """A stream that expands to no more than an array may take.

    It counts what is read, whatever the header of the stream states.
    """

    def __init__(self, stream: Stream, what: str) -> None:
        self._stream, self._what, self._read = stream, what, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        part = self._stream.read(len(buffer))
        self._read += len(part)
        allow(self._read, f"{self._what}, expanded,")
        buffer[: len(part)] = part
        return len(part)

    def tell(self) -> int:
        return self._read

    def close(self) -> None:
        self._stream.close()
        super().close()
