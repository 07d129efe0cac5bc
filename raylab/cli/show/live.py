"""What a verb that runs long shows while it runs: a live view on a terminal, else plain lines."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from raylab.cli.show.invocation import command, wants_plain
from raylab.reporting.progress.follower import Follower

if TYPE_CHECKING:
    from raylab.reporting.progress.results import Progress

Say = Callable[[str], None]
Source = Callable[[], "Progress | None"]


class Interrupted(KeyboardInterrupt):
    """A verb that was stopped before its end, by Ctrl-C or by a request of another process.

    Attributes:
        command: The command that goes on with its work.
        reason: How it ended: `stopped`, or what its driver says.
    """

    def __init__(self, command: str, reason: str = "stopped") -> None:
        super().__init__(command)
        self.command, self.reason = command, reason


class Screen(Protocol):
    """Shows the progress of a study while its context is open."""

    def __enter__(self) -> Screen: ...

    def __exit__(self, *error: object) -> None: ...

    def say(self, line: str) -> None:
        """Show a line of progress, which stays."""


@contextlib.contextmanager
def live(
    out: Path,
    *,
    stage: str,
    resumes: bool = True,
    planned: int = 1,
    source: Source | None = None,
) -> Iterator[Say]:
    """Show what the study in `out` is doing, while the verb that makes it runs.

    A thread reads the ledger of the study as soon as it is there. The driver knows nothing of it.

    Args:
        out: The folder of the study, or of several studies; it may not exist yet.
        stage: What is being done before the study begins.
        resumes: Whether `raylab resume` goes on after Ctrl-C; else the same command does.
        planned: How many studies there will be in the folder.
        source: Gives what is shown; default: the study's progress.

    Yields:
        A function that receives lines of progress, as the verbs' functions take it.

    Raises:
        Interrupted: Ctrl-C, with the command that goes on.
    """
    shown = source or Follower(out, own=True, planned=planned).progress
    try:
        with screen(shown, stage) as view:
            yield view.say
    except KeyboardInterrupt as error:
        again = command("resume", out) if resumes and _is_unfinished(out) else command()
        reason, _, _ = str(error).partition(";")  # such as `paused; work so far is kept`
        raise Interrupted(again, reason or "stopped") from error


def _is_unfinished(out: Path) -> bool:
    """Whether there is a study with work for `raylab resume`. A verb that goes on with a complete
    one, such as `select` or `extend`, may be stopped before it records what it is to do.
    """
    from raylab.reporting.progress.progress import progress
    from raylab.tracking.study import StudyFolder

    if not (out / "study.json").is_file():
        return False
    study = StudyFolder.open(out)
    return progress(study).state != "ended" or not study.report_path.is_file()


def screen(source: Source, stage: str) -> Screen:
    """A live view where standard error is a terminal that can show it, else plain lines."""
    if is_lively():
        from raylab.cli.show.following.terminal import TerminalScreen

        return TerminalScreen(source, stage)
    from raylab.cli.show.following.lines import PlainScreen

    return PlainScreen(source, stage)


def is_lively() -> bool:
    """Whether a live view is wanted, and standard error can show it."""
    refused = wants_plain() or bool(os.environ.get("NO_COLOR"))
    return not refused and os.environ.get("TERM", "dumb") != "dumb" and sys.stderr.isatty()
