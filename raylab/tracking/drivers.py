"""How long the drivers of a study worked."""

from __future__ import annotations

from collections.abc import Iterable

from raylab.tracking.events import DriverStarted, Event


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
        last = event.time
    if began is None:
        return total
    return total + max(last if now is None else max(now, last), began) - began
