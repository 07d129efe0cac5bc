"""What `prepare` says while it works."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

from raylab.data.preparation.tasks import Failure, Outcome
from raylab.data.readers.source import Source

Say = Callable[[str], None]
Steps = Callable[[int, int], None]


@runtime_checkable
class SizedSteps(Protocol):
    """Steps that are also told the bytes."""

    def __call__(self, done: int, total: int) -> None: ...

    def sized(self, done: int, total: int) -> None:
        """Sources of so many bytes are done, of all bytes."""


class Progress:
    """A line at the start, and a line as each source ends.

    Args:
        total: How many sources there are.
        say: Gets the lines. A single source has none: what it leads to says all.
        steps: Is called with (sources done, sources in all), before the line of a source. If it has
            a method `sized`, this is told the bytes, at the start and as each source ends.
    """

    def __init__(self, total: int, *, say: Say | None = None, steps: Steps | None = None) -> None:
        self._total, self._done = total, 0
        self._say, self._steps = say if total > 1 else None, steps
        self._sizes: dict[str, int] = {}  # bytes of each source, by its name
        self._read = 0  # bytes

    def begin(self, sources: Sequence[Source], at_once: int) -> None:
        """Say what there is to do."""
        self._sizes = {
            source.name: sum(path.stat().st_size for path in source.paths) for source in sources
        }
        size = sum(self._sizes.values())
        if isinstance(self._steps, SizedSteps):
            self._steps(0, self._total)
            self._steps.sized(0, size)
        if self._say is None:
            return
        parallel = f", {at_once} at a time" if at_once > 1 else ""
        self._say(f"reading {self._total} recordings, {size_text(size)}{parallel}")

    def ended(self, outcome: Outcome) -> None:
        """Count a source that has ended, and say how."""
        self._done += 1
        if self._steps is not None:
            self._steps(self._done, self._total)
        if isinstance(self._steps, SizedSteps):
            name = outcome.source if isinstance(outcome, Failure) else outcome.entry["source"]
            self._read += self._sizes.get(name, 0)
            self._steps.sized(self._read, sum(self._sizes.values()))
        if self._say is not None:
            self._say(f"{self._done}/{self._total} {describe(outcome)}")


def describe(outcome: Outcome) -> str:
    """`rat1.h5: session rat1, 400 samples x 6 units`, or why a source was not read."""
    if isinstance(outcome, Failure):
        return f"not read: {outcome.error}"
    entry = outcome.entry
    shape = f"{entry['samples']:,} samples x {entry['recorded_units']:,} units"
    return f"{entry['source']}: session {entry['id']}, {shape}"


def size_text(size: int) -> str:
    """Bytes as `1.6 GB`, `100 MB` or `12 kB`."""
    for unit, bytes_of_unit in (("GB", 1e9), ("MB", 1e6)):
        if size >= bytes_of_unit:
            return f"{size / bytes_of_unit:.3g} {unit}"
    return f"{size / 1e3:.3g} kB"
