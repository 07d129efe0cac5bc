"""How long the drivers of a study worked."""

from __future__ import annotations

from collections.abc import Iterable

from raylab.tracking.events import (
    DriverStarted,
    Event,
    Selected,
    SelectionStarted,
    StudyExtended,
    TestRead,
)

# Events that are also written while no driver is at work, which may be days after the last one.
WITHOUT_DRIVER = (TestRead, SelectionStarted, Selected, StudyExtended)


def worked_seconds(events: Iterable[Event], *, now: float | None = None) -> float:
    """How long drivers ran in total, in seconds: each from its start to its last event.

    Args:
        now: In unix seconds. With it, the last driver still runs.
    """
    total, began, last = 0.0, None, 0.0
    for event in events:
        if isinstance(event, DriverStarted):
            total += last - began if began is not None else 0.0
            began = event.time
        if not isinstance(event, WITHOUT_DRIVER):
            last = event.time
    if began is None:
        return total
    return total + max(last if now is None else max(now, last), began) - began
