"""The live view of a terminal: drawn at once, and gone without a trace."""

from __future__ import annotations

import contextlib
import io
import signal
import sys
import time

import pytest
from made_progress import search
from rich.console import Console

from raylab.cli.show.following.terminal import TerminalScreen
from raylab.cli.show.live import is_lively


def test_the_terminal_is_as_before_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    written = io.StringIO()
    screen = Console(file=written, force_terminal=True, width=80, height=24)
    before = sys.stdout, sys.stderr
    view = TerminalScreen(lambda: search(3), "starting", screen=screen)
    with contextlib.suppress(KeyboardInterrupt), view:
        assert "starting" in written.getvalue()  # at once
        view.say("[3/16] trial 0002 [completed]")
        time.sleep(1.3)
        raise KeyboardInterrupt
    text = written.getvalue()
    assert "[3/16] trial 0002 [completed]" in text  # brackets are no markup
    assert "3 of 16 trials" in text
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")  # the cursor is shown again
    assert (sys.stdout, sys.stderr) == before


def test_the_terminal_is_as_before_after_sigterm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    written = io.StringIO()
    screen = Console(file=written, force_terminal=True, width=80, height=24)
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        with contextlib.suppress(SystemExit), TerminalScreen(lambda: None, "", screen=screen):
            signal.raise_signal(signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)
    assert written.getvalue().rindex("\x1b[?25h") > written.getvalue().rindex("\x1b[?25l")


@pytest.mark.parametrize("variable", [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_no_live_view_where_the_terminal_refuses(
    monkeypatch: pytest.MonkeyPatch, variable: tuple[str, str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert is_lively()
    monkeypatch.setenv(*variable)
    assert not is_lively()
