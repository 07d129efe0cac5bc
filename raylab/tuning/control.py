"""What users ask of a driver while it works: to stop trials or itself, to pause, to go further."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from raylab.tracking.events import PauseRequested, StopRequested
from raylab.tracking.requests import Request, remove, take
from raylab.tracking.study import StudyFolder

EVERY_S = 1.0  # between two looks for requests


class StudyStopped(Exception):
    """Raised inside Ray Tune's loop, which ends its actors before it passes an exception on."""


@dataclass
class Requested:
    """What users asked of a driver until now.

    Attributes:
        stopped: Whether the driver is to end at once.
        paused: Whether no trial may begin, and trials at work end at their next checkpoint.
        trials: The trials that users stopped: they end at their next validation.
        aside: The trials that ended for a pause. They have no end in the ledger.
    """

    stopped: bool = False
    paused: bool = False
    trials: set[str] = field(default_factory=set)
    aside: set[str] = field(default_factory=set)


class Control(Requested):
    """The requests to one driver. The driver's loop calls `poll`.

    Args:
        extend: Records an extension of the study, and acts on it; None for drivers that cannot be
            given more trials.
    """

    def __init__(
        self, study: StudyFolder, *, extend: Callable[[Request], None] | None = None
    ) -> None:
        super().__init__()
        self._study, self._extend = study, extend
        self._next = 0.0

    def poll(self) -> None:
        """Act on new requests. Looks for them at most once in `EVERY_S` seconds."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + EVERY_S
        # A file system that does not answer now is asked again. A full disk halts the study
        # elsewhere.
        with contextlib.suppress(OSError):
            for request in take(self._study):
                self._act(request)
                remove(self._study, request)

    def _act(self, request: Request) -> None:
        if request.kind == "stop":
            self._study.ledger.append(StopRequested(trials=request.trials, request=request.id))
            self.trials |= set(request.trials)
            self.stopped = self.stopped or not request.trials
        elif request.kind == "pause":
            self._study.ledger.append(PauseRequested(request=request.id))
            self.paused = True
        elif self._extend is not None:
            self._extend(request)

    def interruption(self) -> KeyboardInterrupt:
        """What a driver raises that ends before its study is complete."""
        return interruption(self._study, paused=self.paused and not self.stopped)


def interruption(study: StudyFolder, *, paused: bool = False) -> KeyboardInterrupt:
    """The interruption of a driver, with the command that goes on."""
    what = "paused" if paused else "stopped"
    return KeyboardInterrupt(f"{what}; work so far is kept. `raylab resume {study.path}` goes on")
