"""Downloads: what fits a request, progress, and how they ended."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from raylab.cli.show.screen import console

if TYPE_CHECKING:
    from raylab.data.allen.fetch import Fetched
    from raylab.data.allen.match import Match
    from raylab.data.dandi.fetch_dandi import FetchedDandiset
    from raylab.data.fetching.transfer import Wanted

SHOWN = 50


@contextmanager
def bars() -> Iterator[Callable[[str, int, int | None], None] | None]:
    """On a terminal, a bar for each file under way; the first byte starts them, so that no question
    is drawn over.
    """
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    screen, lock, tasks = console(), threading.Lock(), {}
    if not screen.is_terminal:
        yield None
        return
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn()
    screen_bars = Progress(*columns, console=screen, transient=True)

    def show(name: str, there: int, size: int | None) -> None:
        with lock:
            if name not in tasks:
                screen_bars.start()
                tasks[name] = screen_bars.add_task(name, total=size)
            screen_bars.update(tasks[name], completed=there, total=size, visible=there != size)

    try:
        yield show
    finally:
        screen_bars.stop()


def print_matches(matched: Sequence[Match]) -> None:
    from rich.filesize import decimal
    from rich.table import Table

    grid = Table(
        "id",
        "areas",
        "cre",
        "depth",
        "session type",
        "neurons",
        "animal",
        "recorded",
        "size",
        "on disk",
    )
    for match in matched[:SHOWN]:
        session = match.session
        depth, neurons = (
            "" if value is None else str(value) for value in (session.depth_um, session.neurons)
        )
        size = "" if match.size is None else decimal(match.size)
        recorded = (session.date or "")[:10]
        areas, cre = " ".join(session.areas), session.cre or ""
        grid.add_row(
            *(
                str(session.id),
                areas,
                cre,
                depth,
                session.session_type,
                neurons,
                session.animal or "",
                recorded,
                size,
                match.here,
            )
        )
    screen = console(stderr=False)
    screen.print(grid)
    if len(matched) > SHOWN:
        screen.print(f"... and {len(matched) - SHOWN} more (--json lists all)")
    screen.print(_total(matched, "sessions"))


def print_assets(listed: FetchedDandiset) -> None:
    """The version of a dandiset that was taken, and its files that are wanted."""
    from rich.filesize import decimal
    from rich.table import Table
    from rich.text import Text

    release = listed.release
    grid = Table("path", "size", "on disk")
    for match in listed.matched[:SHOWN]:
        size = "" if match.size is None else decimal(match.size)
        grid.add_row(Text(match.asset.path), size, Text(match.here))
    screen = console(stderr=False)
    screen.print(f"{release}: {release.title}", markup=False, highlight=False, soft_wrap=True)
    screen.print(grid)
    if len(listed.matched) > SHOWN:
        screen.print(f"... and {len(listed.matched) - SHOWN} more (--json lists all)")
    if listed.left_out:
        screen.print(f"{len(listed.left_out)} Zarr folders are left out: raylab reads none")
    screen.print(_total(listed.matched, "files"))


def _total(matched: Sequence[Wanted], what: str) -> str:
    from rich.filesize import decimal

    todo = [match for match in matched if not match.whole]
    known = [match.missing for match in todo if match.missing is not None]
    sizes = [decimal(sum(known))] if known or not todo else []
    sizes += [f"{len(todo) - len(known)} of unknown size"] if len(known) < len(todo) else []
    there = len(matched) - len(todo)
    return (
        f"{len(matched)} {what} fit, {there} already there, {len(todo)} to fetch: "
        f"{' and '.join(sizes)}"
    )


def print_fetched(done: Fetched | FetchedDandiset, what: str = "sessions") -> None:
    for failure in done.failed:
        name = getattr(failure, "path", None) or getattr(failure, "id", None)
        click.echo(f"not fetched: {name}: {failure.error}", err=True)
    if done.fetched or done.failed:
        there = f", {len(done.skipped)} already there" if done.skipped else ""
        click.echo(
            f"{len(done.fetched)} {what} fetched to {done.folder}{there}, {len(done.failed)} failed"
        )
