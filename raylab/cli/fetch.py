"""The verb `fetch`: sessions of the Allen Institute and files of the DANDI archive, downloaded."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

import raylab
from raylab.cli.fetch_dandi import DANDI, agreed, check_options, fetch_files
from raylab.cli.group import JSON, PATH, verb
from raylab.cli.show.downloads import bars, print_fetched, print_matches
from raylab.cli.show.screen import print_json

if TYPE_CHECKING:
    from raylab.data.allen.match import Match


def _range(_: click.Context, __: click.Parameter, text: str | None) -> tuple[float, float] | None:
    from raylab.data.allen.listing import parse_range

    return parse_range(text) if text else None


@verb("raylab fetch allen-ophys --area VISp --depth 175..275 --limit 4 --out raw")
@click.argument("source", metavar="allen-ophys|allen-ecephys|dandi")
@click.argument("dandiset", metavar="[DANDISET]", required=False)
@click.option(
    "--out",
    required=True,
    type=PATH,
    help="A folder. Partial downloads in it are continued.",
)
@click.option("--version", help="Version of a dandiset; default: the newest published one.")
@click.option(
    "--path", multiple=True, help='Pattern of paths in a dandiset, such as "*.nwb". Repeatable.'
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
    "--limit", type=click.IntRange(1), help="At most this many sessions or files, lowest first."
)
@click.option(
    "--parallel",
    default=4,
    show_default=True,
    type=click.IntRange(1, 32),
    help="Downloads at the same time.",
)
@click.option(
    "--base-uri",
    help="Another server, such as https://host; default: that of the Allen Institute or of DANDI.",
)
@click.option("--dry-run", is_flag=True, help="Show the sessions or files that match, and stop.")
@click.option("--yes", is_flag=True, help="Do not ask before downloading.")
@JSON
def fetch(
    source: str,
    dandiset: str | None,
    out: Path,
    version: str | None,
    path: Sequence[str],
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
    """Download sessions of the Allen Institute, or files of a dandiset of the DANDI archive.

    The exit code is 3 when some files could not be fetched, and 2 when none could.
    """
    from raylab.data.allen.rma import BASE_URI

    check_options(source)
    if source == DANDI:
        fetch_files(dandiset, out, version, path, limit, parallel, base_uri, dry_run, yes, as_json)
        return

    def confirm(matched: list[Match]) -> bool:
        if not as_json:
            print_matches(matched)
        return not dry_run and (
            yes or all(match.whole for match in matched) or agreed(len(matched), "sessions")
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
