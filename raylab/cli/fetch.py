"""The verb that brings sessions here."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import raylab
from raylab.cli.group import JSON, verb
from raylab.cli.show import console, print_json
from raylab.errors import ConfigError

if TYPE_CHECKING:
    from raylab.data.allen.fetch import Fetched
    from raylab.data.allen.match import Match

SHOWN = 50


def _range(_: click.Context, __: click.Parameter, text: str | None) -> tuple[float, float] | None:
    from raylab.data.allen.listing import parse_range

    return parse_range(text) if text else None


@verb("raylab fetch allen-ophys --area VISp --depth 175..275 --limit 4 --out raw")
@click.argument("source", metavar="allen-ophys|allen-ecephys")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="A folder; parts in it are continued.",
)
@click.option("--area", multiple=True, help="Brain area, as VISp; repeatable: one of them.")
@click.option(
    "--cre", multiple=True, help="Driver line, as Cux2-CreERT2 (wt: wild type); repeatable."
)
@click.option("--depth", metavar="MIN..MAX", callback=_range, help="Imaging depth in micrometres.")
@click.option(
    "--stimulus", multiple=True, help="Shown in the session, as natural_scenes; repeatable."
)
@click.option(
    "--session-type", multiple=True, help="As three_session_A or brain_observatory_1.1; repeatable."
)
@click.option(
    "--min-neurons", type=click.IntRange(0), help="Cells or units, as the table shows them."
)
@click.option(
    "--max-neurons", type=click.IntRange(0), help="Cells or units, as the table shows them."
)
@click.option(
    "--id", "ids", multiple=True, type=int, help="Of a session or experiment; repeatable."
)
@click.option("--limit", type=click.IntRange(1), help="At most so many sessions, lowest ids first.")
@click.option(
    "--parallel",
    default=4,
    show_default=True,
    type=click.IntRange(1, 32),
    help="Downloads at a time.",
)
@click.option(
    "--base-uri", help="Another warehouse, as https://host; default: the Allen Institute's."
)
@click.option("--dry-run", is_flag=True, help="Show what fits and stop.")
@click.option("--yes", is_flag=True, help="Do not ask before downloading.")
@JSON
def fetch(
    source: str,
    out: Path,
    base_uri: str | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    **chosen: Any,
) -> None:
    """Download sessions of the Allen Institute. Exit code 3 when some could not be fetched, 2 when
    none could.
    """

    def confirm(matched: list[Match]) -> bool:
        if not as_json:
            print_matches(matched)
        return not dry_run and (
            yes or all(match.whole for match in matched) or _agreed(len(matched))
        )

    with _bars() as progress:
        where = {"base_uri": base_uri} if base_uri else {}
        done = raylab.fetch(
            source, out=out, dry_run=dry_run, confirm=confirm, progress=progress, **chosen, **where
        )
    if as_json:
        print_json(_plain(done, dry_run))
    else:
        _print_end(done)
    if done.failed:
        sys.exit(3 if done.fetched or done.skipped else 2)


def _agreed(count: int) -> bool:
    if not sys.stdin.isatty():
        raise ConfigError(
            f"nobody is there to confirm the download of {count} sessions: standard input is not a "
            "terminal",
            "Add --yes to download them, or --dry-run to see them only.",
        )
    return click.confirm("Download?", err=True)


@contextmanager
def _bars() -> Iterator[Callable[[str, int, int | None], None] | None]:
    """On a terminal, a bar for each file under way; the first byte starts them, so that no question
    is drawn over.
    """
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    screen, lock, tasks = console(), threading.Lock(), {}
    if not screen.is_terminal:
        yield None
        return
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn()
    bars = Progress(*columns, console=screen, transient=True)

    def show(name: str, there: int, size: int | None) -> None:
        with lock:
            if name not in tasks:
                bars.start()
                tasks[name] = bars.add_task(name, total=size)
            bars.update(tasks[name], completed=there, total=size, visible=there != size)

    try:
        yield show
    finally:
        bars.stop()


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
        one = match.session
        depth, neurons = (
            "" if value is None else str(value) for value in (one.depth_um, one.neurons)
        )
        size = "" if match.size is None else decimal(match.size)
        recorded = (one.date or "")[:10]
        areas, cre = " ".join(one.areas), one.cre or ""
        grid.add_row(
            *(
                str(one.id),
                areas,
                cre,
                depth,
                one.session_type,
                neurons,
                one.animal or "",
                recorded,
                size,
                match.here,
            )
        )
    screen = console(stderr=False)
    screen.print(grid)
    if len(matched) > SHOWN:
        screen.print(f"... and {len(matched) - SHOWN} more (--json lists all)")
    screen.print(_total(matched))


def _total(matched: Sequence[Match]) -> str:
    from rich.filesize import decimal

    todo = [match for match in matched if not match.whole]
    known = [match.missing for match in todo if match.missing is not None]
    sizes = [decimal(sum(known))] if known or not todo else []
    sizes += [f"{len(todo) - len(known)} of unknown size"] if len(known) < len(todo) else []
    there = len(matched) - len(todo)
    return (
        f"{len(matched)} sessions fit, {there} already there, {len(todo)} to fetch: "
        f"{' and '.join(sizes)}"
    )


def _print_end(done: Fetched) -> None:
    for failure in done.failed:
        click.echo(f"not fetched: {failure['id']}: {failure['error']}", err=True)
    if done.fetched or done.failed:
        there = f", {len(done.skipped)} already there" if done.skipped else ""
        click.echo(
            f"{len(done.fetched)} sessions fetched to {done.folder}{there}, {len(done.failed)} "
            "failed"
        )


def _plain(done: Fetched, dry_run: bool) -> dict[str, Any]:
    listed = [
        asdict(match.session) | {"url": match.url, "size": match.size, "whole": match.whole}
        for match in done.matched
    ]
    sizes = [match.size for match in done.matched]
    return {
        "source": done.source,
        "folder": str(done.folder),
        "dry_run": dry_run,
        "matched": listed,
        "bytes": None if None in sizes else sum(size or 0 for size in sizes),
        "fetched": [str(path) for path in done.fetched],
        "skipped": [str(path) for path in done.skipped],
        "failed": done.failed,
    }
