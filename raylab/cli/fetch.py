"""The verb `fetch`: sessions of the Allen Institute, downloaded."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

import raylab
from raylab.cli.group import JSON, PATH, verb
from raylab.cli.show.downloads import bars, print_fetched, print_matches
from raylab.cli.show.screen import print_json
from raylab.errors import ConfigError

if TYPE_CHECKING:
    from raylab.data.allen.match import Match


def _range(_: click.Context, __: click.Parameter, text: str | None) -> tuple[float, float] | None:
    from raylab.data.allen.listing import parse_range

    return parse_range(text) if text else None


@verb("raylab fetch allen-ophys --area VISp --depth 175..275 --limit 4 --out raw")
@click.argument("source", metavar="allen-ophys|allen-ecephys")
@click.option(
    "--out",
    required=True,
    type=PATH,
    help="A folder. Partial downloads in it are continued.",
)
@click.option("--area", multiple=True, help="Brain area, such as VISp. Repeatable: any of them.")
@click.option(
    "--cre", multiple=True, help="Driver line, such as Cux2-CreERT2 (wt: wild type). Repeatable."
)
@click.option("--depth", metavar="MIN..MAX", callback=_range, help="Imaging depth in micrometres.")
@click.option(
    "--stimulus", multiple=True, help="Stimulus of the session, such as natural_scenes. Repeatable."
)
@click.option(
    "--session-type",
    multiple=True,
    help="Session type, such as three_session_A or brain_observatory_1.1. Repeatable.",
)
@click.option(
    "--min-neurons",
    type=click.IntRange(0),
    help="The smallest number of cells or units, as in the table.",
)
@click.option(
    "--max-neurons",
    type=click.IntRange(0),
    help="The largest number of cells or units, as in the table.",
)
@click.option(
    "--id", "ids", multiple=True, type=int, help="Id of a session or experiment. Repeatable."
)
@click.option(
    "--limit", type=click.IntRange(1), help="At most this many sessions, lowest ids first."
)
@click.option(
    "--parallel",
    default=4,
    show_default=True,
    type=click.IntRange(1, 32),
    help="Downloads at the same time.",
)
@click.option(
    "--base-uri", help="Another warehouse, such as https://host; default: the Allen Institute's."
)
@click.option("--dry-run", is_flag=True, help="Show the sessions that match, and stop.")
@click.option("--yes", is_flag=True, help="Do not ask before downloading.")
@JSON
def fetch(
    source: str,
    out: Path,
    area: Sequence[str],
    cre: Sequence[str],
    depth: tuple[float, float] | None,
    stimulus: Sequence[str],
    session_type: Sequence[str],
    min_neurons: int | None,
    max_neurons: int | None,
    ids: Sequence[int],
    limit: int | None,
    parallel: int,
    base_uri: str | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Download sessions of the Allen Institute.

    The exit code is 3 when some sessions could not be fetched, and 2 when none could.
    """
    from raylab.data.allen.rma import BASE_URI

    def confirm(matched: list[Match]) -> bool:
        if not as_json:
            print_matches(matched)
        return not dry_run and (
            yes or all(match.whole for match in matched) or _agreed(len(matched))
        )

    with bars() as progress:
        fetched = raylab.fetch(
            source,
            out=out,
            area=area,
            cre=cre,
            depth=depth,
            stimulus=stimulus,
            session_type=session_type,
            min_neurons=min_neurons,
            max_neurons=max_neurons,
            ids=ids,
            limit=limit,
            parallel=parallel,
            base_uri=base_uri or BASE_URI,
            dry_run=dry_run,
            confirm=confirm,
            progress=progress,
        )
    if as_json:
        print_json(fetched.to_dict())
    else:
        print_fetched(fetched)
    if fetched.failed:
        sys.exit(3 if fetched.fetched or fetched.skipped else 2)


def _agreed(count: int) -> bool:
    if not sys.stdin.isatty():
        raise ConfigError(
            f"the download of {count} sessions cannot be confirmed: standard input is no terminal",
            "Add --yes to download them, or --dry-run to see them only.",
        )
    return click.confirm("Download?", err=True)
