"""Verbs of recordings and datasets."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

import raylab
from raylab.cli.group import JSON, SET, parsed, verb
from raylab.cli.show import console, print_json, print_sessions


@verb("raylab synth runs/recordings --sessions 4")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--sessions", default=4, show_default=True, type=click.IntRange(1))
@click.option("--samples", default=6000, show_default=True, type=click.IntRange(100), help="Per session, at 30 Hz.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0))
@click.option("--form", default="domains", show_default=True, type=click.Choice(["domains", "masks"]))
@click.option(
    "--noise", default=0.05, show_default=True, type=click.FloatRange(0), help="Of a sample, in dF/F; a spike is 0.2."
)
def synth(out: Path, sessions: int, samples: int, seed: int, form: str, noise: float) -> None:
    """Write synthetic two-photon sessions with known latents, in the torch_brain format."""
    written = raylab.synth(out, sessions=sessions, samples=samples, seed=seed, form=form, noise=noise)
    click.echo(f"{len(written)} sessions in {out}")


@verb(
    "raylab prepare recordings/ --recipe worm --out ds --set splits.kind=blocked\n"
    "raylab prepare ds --out fold0 --set splits.folds=5 --set splits.fold=0"
)
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--recipe", help="A shipped recipe's name, or a YAML file; torch_brain session files need none.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The dataset's folder; must not exist.")
@click.option("--strict", is_flag=True, help="Stop at the first file that cannot be read.")
@click.option("--sessions", type=click.IntRange(1), help="Only the first so many, by name of file.")
@click.option("--memory", metavar="SIZE", help="For all files read at once, as 8GB; default half the machine's.")
@SET
def prepare(
    source: Path,
    recipe: str | None,
    out: Path,
    strict: bool,
    sessions: int | None,
    memory: str | None,
    overrides: Sequence[str],
) -> None:
    """Turn recordings of any format into a prepared dataset, or a dataset into one with other splits.

    SOURCE is a file, a folder, a pattern of files in quotes, or a prepared dataset. Exit code 3 when some files
    could not be read, 2 when all. Stopped, the same command goes on where it was.
    """
    from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

    with Progress(
        *Progress.get_default_columns()[:2],
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console(),
        transient=True,
    ) as bar:
        task = bar.add_task("preparing", total=None)
        made = raylab.prepare(
            source,
            recipe=recipe,
            out=out,
            strict=strict,
            sessions=sessions,
            memory=memory,
            overrides=parsed(overrides),
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    print_sessions(made.dataset.manifest["sessions"])
    for session in made.left_out:
        click.echo(f"left out: {session['id']}: {session['reason']}", err=True)
    for failure in made.failed:
        click.echo(f"not read: {failure['error']}", err=True)
    click.echo(f"{len(made.dataset.sessions)} sessions in {out}, fingerprint {made.dataset.fingerprint[:12]}")
    if made.failed:
        sys.exit(3)


@verb("raylab inspect ds --json\nraylab inspect ds --png pictures/")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--recipe", help="For raw recordings.")
@click.option("--png", type=click.Path(path_type=Path), help="Draw activity, labels and splits: a file, or a folder.")
@click.option("--session", help="Of several, the one to draw.")
@JSON
def inspect(path: Path, recipe: str | None, png: Path | None, session: str | None, as_json: bool) -> None:
    """Show what a prepared dataset, or a raw recording, holds."""
    if session and not png:
        raise click.UsageError("--session chooses what --png draws; give --png as well")
    found = raylab.inspect(path, recipe=recipe)
    if as_json:
        print_json(found)
    else:
        print_sessions(found["sessions"])
        click.echo("total: {sessions} sessions, {samples} samples, {units} units, {hours} h".format(**found["totals"]))
    for file in raylab.draw(path, out=png, recipe=recipe, session=session) if png else []:
        click.echo(file, err=True)
