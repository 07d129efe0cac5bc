"""The verb `prepare`: recordings become a dataset."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

import raylab
from raylab.cli.group import COMPANIONS, PATH, SET_RECIPE, folders_by_name, parsed, verb
from raylab.cli.show.following.tally import Tally
from raylab.cli.show.live import live
from raylab.cli.show.sessions import print_sessions


@verb(
    "raylab prepare recordings/ --recipe worm --out ds --set splits.kind=blocked\n"
    "raylab prepare ds --out fold0 --set splits.folds=5 --set splits.fold=0\n"
    "raylab prepare monday/ tuesday/ extra.h5 --recipe worm --out ds\n"
    "raylab prepare calcium spikes --out both"
)
@click.argument("source", nargs=-1, required=True, type=PATH)
@click.option(
    "--recipe", help="A shipped recipe's name, or a YAML file; torch_brain session files need none."
)
@COMPANIONS
@click.option(
    "--out",
    required=True,
    type=PATH,
    help="The dataset's folder, which must not exist yet.",
)
@click.option("--strict", is_flag=True, help="Stop at the first file that cannot be read.")
@click.option(
    "--sessions", type=click.IntRange(1), help="Take only this many files, the first by name."
)
@click.option(
    "--memory",
    metavar="SIZE",
    help="Memory for all files that are read at once, such as 8GB; default: half of the machine's.",
)
@SET_RECIPE
def prepare(
    source: Sequence[Path],
    recipe: str | None,
    companions: Sequence[str],
    out: Path,
    strict: bool,
    sessions: int | None,
    memory: str | None,
    overrides: Sequence[str],
) -> None:
    """Turn recordings of any format into a prepared dataset, or a dataset into one with other
    splits.

    SOURCE is a file, a folder, a pattern of files in quotes, or a prepared dataset. Several files
    and folders that one recipe describes become one dataset, and so do several prepared
    datasets, each made with its own recipe. The exit code is 3 if some
    files could not be read, and 2 if none could. After an interruption, the same command continues.
    """
    tally = Tally(out.name)
    with live(out, stage="looking at the files", resumes=False, source=tally.progress) as say:
        prepared = raylab.prepare(
            source[0] if len(source) == 1 else source,
            recipe=recipe,
            companions=folders_by_name(companions),
            out=out,
            strict=strict,
            sessions=sessions,
            memory=memory,
            overrides=parsed(overrides),
            progress=tally,
            say=say,
        )
    manifest = prepared.dataset.manifest
    from raylab.reporting.progress.wording import count

    print_sessions(manifest["sessions"], manifest.get("notes", ()))
    for session in prepared.left_out:
        click.echo(f"left out: {session.id}: {session.reason}", err=True)
    for failure in prepared.failed:
        click.echo(f"not read: {failure.error}", err=True)
    click.echo(
        f"{count(len(prepared.dataset.sessions), 'session')} in {out}, fingerprint "
        f"{prepared.dataset.fingerprint[:12]}"
    )
    if prepared.failed:
        sys.exit(3)
