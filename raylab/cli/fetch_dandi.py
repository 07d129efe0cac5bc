"""The part of the verb `fetch` that is for the DANDI archive."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

import raylab
from raylab.cli.show.downloads import bars, print_assets, print_fetched
from raylab.cli.show.screen import print_json
from raylab.errors import ConfigError

if TYPE_CHECKING:
    from raylab.data.dandi.fetch_dandi import FetchedDandiset

DANDI = "dandi"
FOR_ALL = {"source", "out", "limit", "parallel", "base_uri", "dry_run", "yes", "as_json"}
FOR_DANDI = {"dandiset", "version", "path"}


def fetch_files(
    dandiset: str | None,
    out: Path,
    version: str | None,
    path: Sequence[str],
    limit: int | None,
    parallel: int,
    base_uri: str | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """List files of a dandiset, ask, download them, and end with the exit code of `fetch`."""
    if dandiset is None:
        raise ConfigError(
            "`raylab fetch dandi` needs the number of a dandiset",
            "For example: raylab fetch dandi 000128 --out raw",
        )

    def confirm(listed: FetchedDandiset) -> bool:
        if not as_json:
            print_assets(listed)
        matched = listed.matched
        return not dry_run and (
            yes or all(match.whole for match in matched) or agreed(len(matched), "files")
        )

    with bars() as progress:
        done = raylab.fetch_dandi(
            dandiset,
            out=out,
            version=version,
            path=path,
            limit=limit,
            parallel=parallel,
            base_uri=base_uri,
            dry_run=dry_run,
            confirm=confirm,
            progress=progress,
        )
    if as_json:
        print_json(done.to_dict())
    else:
        print_fetched(done, "files")
    if done.failed:
        sys.exit(3 if done.fetched or done.skipped else 2)


def check_options(source: str) -> None:
    """Refuse an option that the source does not have: it would do nothing."""
    from raylab.config.explain import did_you_mean
    from raylab.data.allen.fetch import SOURCES

    if source not in (*SOURCES, DANDI):
        raise ConfigError(
            f"source '{source}' is not known", did_you_mean(source, (*SOURCES, DANDI))
        )
    context = click.get_current_context()
    for parameter in context.command.params:
        name = parameter.name or ""
        given = context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT
        if given and name not in FOR_ALL and (name in FOR_DANDI) != (source == DANDI):
            others = "dandi" if name in FOR_DANDI else " and ".join(SOURCES)
            shown = parameter.opts[0] if isinstance(parameter, click.Option) else "DANDISET"
            raise ConfigError(f"{shown} is for {others}, not for {source}", f"Leave out {shown}.")


def agreed(count: int, what: str) -> bool:
    """Ask before a download."""
    if not sys.stdin.isatty():
        raise ConfigError(
            f"the download of {count} {what} cannot be confirmed: standard input is no terminal",
            "Add --yes to download them, or --dry-run to see them only.",
        )
    return click.confirm("Download?", err=True)
