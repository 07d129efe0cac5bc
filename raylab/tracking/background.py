"""A mirror that works beside the search and never stops it."""

from __future__ import annotations

import threading
import time
from typing import Protocol

_LONGEST_WAIT_S = 60.0


class Syncs(Protocol):
    def sync(self, *, closing: bool = False) -> None: ...


class BackgroundMirror:
    """Runs `mirror.sync()` in a thread of its own: when it was notified, and now and then while
    trials report.

    After an error it waits longer and longer (at most a minute): a server that is down costs a try
    a minute, and the search nothing.

    Args:
        interval_s: At least this long (seconds) between two syncs.
        poll_s: At most this long without one.
        first_s: At most this long before the first one; default: `poll_s`.
    """

    def __init__(
        self,
        mirror: Syncs,
        *,
        interval_s: float = 2.0,
        poll_s: float = 15.0,
        first_s: float | None = None,
    ) -> None:
        self.error: Exception | None = None
        self.syncs = 0  # that went well
        self._mirror = mirror
        self._interval_s = interval_s
        self._poll_s = poll_s
        self._first_s = poll_s if first_s is None else first_s
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mlflow-mirror", daemon=True)
        self._thread.start()

    def notify(self) -> None:
        """Say that the ledger has grown. Returns at once."""
        self._wake.set()

    def close(self, *, timeout_s: float = 120.0) -> Exception | None:
        """Sync a last time, as the driver's last act: what has no end then is interrupted.

        What went wrong in it is returned, never raised; None when MLflow is complete.
        """
        self._closing.set()
        self._wake.set()
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            return TimeoutError(f"MLflow did not take the study's records within {timeout_s:.0f} s")
        return self.error

    def _run(self) -> None:
        wait_s, poll_s = self._interval_s, self._first_s
        while not self._closing.is_set():
            self._wake.wait(poll_s)
            poll_s = self._poll_s
            self._wake.clear()
            started = time.monotonic()
            self._sync(closing=False)
            wait_s = self._interval_s if self.error is None else min(_LONGEST_WAIT_S, wait_s * 2)
            if self.error is not None:
                self._wake.set()  # what could not be mirrored is tried again, news or not
            self._closing.wait(max(0.0, wait_s - (time.monotonic() - started)))
        self._sync(closing=True)

    def _sync(self, *, closing: bool) -> None:
        try:
            self._mirror.sync(closing=closing)
            self.error = None
            self.syncs += 1
        except (
            Exception
        ) as error:  # whatever MLflow raises, the search goes on; the driver reports it at the end
            self.error = error
