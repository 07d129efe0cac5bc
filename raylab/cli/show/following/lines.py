"""Progress as plain lines with the clock time, for logs and for `--plain`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Self

import click

if TYPE_CHECKING:
    from raylab.reporting.progress.results import Progress

FIRST_S = 0.7  # an error of the first checks comes sooner, and stands alone
HEARTBEAT_S = 60.0  # a line at least so often
TICK_S = 1.0


class PlainScreen:
    """Prints each line with the clock time; where nothing is said for a minute, where the study
    stands.

    Args:
        source: Gives the progress.
        stage: What is being done before there is any.
        clock: Gives the time in seconds.
    """

    def __init__(
        self,
        source: Callable[[], Progress | None],
        stage: str,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source, self._stage, self._clock = source, stage, clock
        self._began = self._last = clock()
        self._said, self._done = False, 0
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live-lines", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._closing.set()
        self._thread.join()

    def say(self, line: str) -> None:
        """Print a line; with the time left where a trial has ended."""
        progress = self._source()
        if progress is not None and progress.done != self._done:
            from raylab.reporting.progress.wording import best_text, left_text

            self._done = progress.done
            more = ", ".join(text for text in (best_text(progress), left_text(progress)) if text)
            line = f"{line}  ({more})" if more else line
        self._print(line)

    def beat(self) -> None:
        """Print where the study stands, if nothing was said for long."""
        if self._clock() - self._last < HEARTBEAT_S:
            return
        from raylab.reporting.progress.wording import duration, headline

        progress = self._source()
        waited = duration(self._clock() - self._began)
        self._print(headline(progress) if progress else f"{self._stage}: {waited} so far")

    def _run(self) -> None:
        if not self._closing.wait(FIRST_S) and not self._said:
            self._print(self._stage)
        while not self._closing.wait(TICK_S):
            self.beat()

    def _print(self, line: str) -> None:
        self._said, self._last = True, self._clock()
        click.echo(f"[{time.strftime('%H:%M:%S')}] {line}", err=True)
