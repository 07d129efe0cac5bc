"""What `prepare` says while it works."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from raylab.data.preparation.tasks import Failure, Outcome
from raylab.data.readers.source import Source

Say = Callable[[str], None]
Steps = Callable[[int, int], None]


class Progress:
    """A line at the start, and a line as each source ends.

    Args:
        total: How many sources there are.
        say: Gets the lines. A single source has none: what it leads to says all.
        steps: Is called with (sources done, sources in all), before the line of a source.
    """

    def __init__(self, total: int, *, say: Say | None = None, steps: Steps | None = None) -> None:
        self._total, self._done = total, 0
        self._say, self._steps = say if total > 1 else None, steps

    def begin(self, sources: Sequence[Source], at_once: int) -> None:
        """Say what there is to do."""
        if self._say is None:
            return
        size = sum(path.stat().st_size for source in sources for path in source.paths)
        parallel = f", {at_once} at a time" if at_once > 1 else ""
        self._say(f"reading {self._total} recordings, {size_text(size)}{parallel}")

    def ended(self, outcome: Outcome) -> None:
        """Count a source that has ended, and say how."""
        self._done += 1
        if self._steps is not None:
            self._steps(self._done, self._total)
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
