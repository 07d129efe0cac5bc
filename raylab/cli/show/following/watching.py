"""A study that another process runs: watched until it ends."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from raylab.cli.show.live import screen
from raylab.cli.show.screen import console
from raylab.errors import StudyError
from raylab.reporting.progress.follower import Follower

if TYPE_CHECKING:
    from raylab.reporting.progress.results import Progress

TICK_S = 1.0  # between two looks
CHANGING = ("time", "elapsed_s", "left_s", "left_from", "running")  # also without any event


def print_once(folder: Path, *, as_json: bool) -> None:
    """Print where a study stands now.

    Raises:
        StudyError: There is no study.
    """
    progress = _current(Follower(folder))
    if progress is None:
        raise StudyError(
            f"{folder}: not a study (no study.json)",
            "Name the folder that a search or training made; without --once it is waited for.",
        )
    if as_json:
        click.echo(json.dumps(progress.to_dict(), indent=2, default=str))
    else:
        _print_panel(progress)


def watched(folder: Path, *, as_json: bool) -> None:
    """Show a study until it has ended; wait for one that does not run yet."""
    follower = Follower(folder)
    if as_json:
        until_ended(follower, _print_json)
        return
    first = _current(follower)
    if first is None or first.state != "ended":
        with screen(follower.progress, f"waiting for {folder}") as view:
            until_ended(follower, Changes(folder, view.say))
    _print_panel(_current(follower))


def until_ended(
    follower: Follower,
    show: Callable[[Progress], None],
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Call `show` with the progress at each change, the last time when the study has ended.

    Raises:
        Exception: The study cannot be read, such as a damaged ledger.
    """
    before: object = None
    while True:
        progress = _current(follower)
        if progress is not None:
            plain = progress.to_dict()
            now = [
                {key: value for key, value in plain.items() if key not in CHANGING},
                [(trial.trial, trial.step) for trial in progress.running],
            ]
            if now != before:
                before = now
                show(progress)
            if progress.state == "ended":
                return
        sleep(TICK_S)


class Changes:
    """Says in words what has changed: the state, the phase, and each trial that ended.

    Args:
        folder: Of the study.
        say: Receives the lines.
    """

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self._folder, self._say = folder, say
        self._where: tuple[str, str] | None = None
        self._newest: float | None = None

    def __call__(self, progress: Progress) -> None:
        from raylab.reporting.progress.wording import ended_text

        where = progress.state, progress.phase
        if where != self._where:
            self._say(self._state_text(progress))
        ended = [trial for trial in progress.latest if trial.ended > (self._newest or 0.0)]
        if self._where is not None:
            for place, trial in enumerate(reversed(ended)):
                number = progress.done - len(ended) + place + 1
                self._say(f"[{number}/{progress.total or '?'}] {ended_text(trial)}")
        self._newest = max([self._newest or 0.0, *(trial.ended for trial in ended)])
        self._where = where

    def _state_text(self, progress: Progress) -> str:
        from raylab.cli.show.invocation import command

        if progress.state == "stopped":
            return f"the study has stopped; {command('resume', self._folder)} goes on with it"
        return f"{progress.study}: {progress.phase}, {progress.state}"


def _current(follower: Follower) -> Progress | None:
    """The progress.

    Raises:
        Exception: The study cannot be read.
    """
    progress = follower.progress()
    if follower.error is not None:
        raise follower.error
    return progress


def _print_json(progress: Progress) -> None:
    click.echo(json.dumps(progress.to_dict(), separators=(",", ":"), default=str))


def _print_panel(progress: Progress | None) -> None:
    """The last state, on standard output."""
    if progress is None:
        return
    from raylab.cli.show.following.panel import panel

    out = console(stderr=False)
    out.print(panel(progress, width=out.width, height=1000, curves=not out.options.ascii_only))
