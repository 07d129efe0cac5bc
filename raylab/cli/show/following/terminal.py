"""The live view of a terminal: redrawn in place, with the lines that are said above it."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Self

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from raylab.cli.show.screen import console

if TYPE_CHECKING:
    from raylab.reporting.progress.results import Progress

TICK_S = 1.0  # between two drawings
SHARE = 2 / 3  # of the terminal's height, at most; the lines above it stay in view


def _end(number: int, frame: object) -> None:
    """Ends the process as an exception, so that the terminal is restored."""
    sys.exit(128 + number)


def _ending_on_sigterm() -> signal.Handlers | None:
    """End on SIGTERM by an exception, where the signal would kill this process at once.

    Returns:
        What SIGTERM did before; None where nothing was changed.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        return None
    signal.signal(signal.SIGTERM, _end)
    return signal.SIG_DFL


class TerminalScreen:
    """Draws the progress of a study at the bottom of the terminal, once a second.

    The lines that are said stay above it. At the end, also after Ctrl-C and errors, the view is
    cleared and the cursor is back.

    Args:
        source: Gives the progress.
        stage: What is being done before there is any.
        screen: The terminal; default: standard error.
    """

    def __init__(
        self,
        source: Callable[[], Progress | None],
        stage: str,
        *,
        screen: Console | None = None,
    ) -> None:
        self._source, self._stage = source, stage
        self._screen = screen or console()
        self._progress: Progress | None = None
        self._began = time.monotonic()
        self._live = Live(
            get_renderable=self._drawn, console=self._screen, auto_refresh=False, transient=True
        )
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live-view", daemon=True)

    def __enter__(self) -> Self:
        self._before = _ending_on_sigterm()
        self._live.start(refresh=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._closing.set()
        try:
            self._thread.join()
        finally:  # also where a second Ctrl-C does not wait for the thread
            self._live.stop()
            if self._before is not None and signal.getsignal(signal.SIGTERM) is _end:
                signal.signal(signal.SIGTERM, self._before)

    def say(self, line: str) -> None:
        """Print a line above the view."""
        self._screen.print(Text(line), soft_wrap=True)

    def _run(self) -> None:
        while not self._closing.wait(TICK_S):
            self._progress = self._source()
            self._live.refresh()

    def _drawn(self) -> RenderableType:
        if self._progress is None:
            waited = f"{time.monotonic() - self._began:.0f} s"
            return Text(f"{self._stage}  {waited}", style="dim", no_wrap=True, overflow="ellipsis")
        from raylab.cli.show.following.panel import panel

        width, height = self._screen.size
        return panel(
            self._progress,
            width=width,
            height=max(int(height * SHARE), 1),
            curves=not self._screen.options.ascii_only,
        )
