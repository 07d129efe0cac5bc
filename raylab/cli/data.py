"""Verbs of recordings and datasets."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

import raylab
from raylab.cli.group import JSON, SET, parsed, verb, viewed
from raylab.cli.show import console, print_json, print_sessions


@verb(
    "raylab synth runs/recordings --sessions 4\nraylab synth runs/spikes --kind neuropixels "
    "--sessions 1"
)
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--kind", default="calcium", show_default=True, type=click.Choice(["calcium", "neuropixels"])
)
@click.option("--sessions", default=4, show_default=True, type=click.IntRange(1))
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0))
@click.option(
    "--samples", type=click.IntRange(100), help="Of calcium: per session, at 30 Hz; default 6000."
)
@click.option(
    "--form",
    type=click.Choice(["domains", "masks"]),
    help="Of calcium: of its splits; default domains.",
)
@click.option("--units", type=click.IntRange(1), help="Of neuropixels: per session; default 400.")
@click.option("--scenes", type=click.IntRange(2), help="Of neuropixels: images; default 118.")
@click.option(
    "--presentations", type=click.IntRange(1), help="Of neuropixels: of each image; default 50."
)
@click.option(
    "--noise",
    type=click.FloatRange(0),
    help="Of calcium: of a sample, in dF/F (a spike is 0.2; default 0.05). Of neuropixels: of the "
    "logarithm of a unit's gain in a presentation; default 0.5.",
)
def synth(out: Path, kind: str, **asked: Any) -> None:
    """Write synthetic sessions with known tuning: two-photon ones in the torch_brain format
    (calcium), or spikes of scenes and gratings as npz, for the recipe synthetic_neuropixels.
    """
    given = {name: value for name, value in asked.items() if value is not None}
    other = {"calcium": ("units", "scenes", "presentations"), "neuropixels": ("samples", "form")}[
        kind
    ]
    for name in other:
        if name in given:
            raise click.UsageError(f"--{name} is not of --kind {kind}")
    written = (raylab.synth if kind == "calcium" else raylab.synth_spikes)(out, **given)
    click.echo(f"{len(written)} sessions in {out}")


@verb(
    "raylab prepare recordings/ --recipe worm --out ds --set splits.kind=blocked\n"
    "raylab prepare ds --out fold0 --set splits.folds=5 --set splits.fold=0\n"
    "raylab prepare calcium spikes --out both"
)
@click.argument("source", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--recipe", help="A shipped recipe's name, or a YAML file; torch_brain session files need none."
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="The dataset's folder; must not exist.",
)
@click.option("--strict", is_flag=True, help="Stop at the first file that cannot be read.")
@click.option("--sessions", type=click.IntRange(1), help="Only the first so many, by name of file.")
@click.option(
    "--memory",
    metavar="SIZE",
    help="For all files read at once, as 8GB; default half the machine's.",
)
@SET
def prepare(
    source: Sequence[Path],
    recipe: str | None,
    out: Path,
    strict: bool,
    sessions: int | None,
    memory: str | None,
    overrides: Sequence[str],
) -> None:
    """Turn recordings of any format into a prepared dataset, or a dataset into one with other
    splits.

    SOURCE is a file, a folder, a pattern of files in quotes, or a prepared dataset; several
    prepared datasets, each made with its own recipe, become one. Exit code 3 when some files could
    not be read, 2 when all. Stopped, the same command goes on where it was.
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
            source[0] if len(source) == 1 else source,
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
    click.echo(
        f"{len(made.dataset.sessions)} sessions in {out}, fingerprint "
        f"{made.dataset.fingerprint[:12]}"
    )
    if made.failed:
        sys.exit(3)


@verb(
    "raylab inspect ds --json\nraylab inspect ds --png pictures/\nraylab inspect ds --correlations "
    "units/"
)
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--recipe", help="For raw recordings.")
@click.option(
    "--png",
    type=click.Path(path_type=Path),
    help="Draw activity, labels and splits: a file, or a folder.",
)
@click.option(
    "--correlations",
    type=click.Path(path_type=Path),
    help="Of a dataset: a folder for correlations between units over training samples, clustered.",
)
@click.option(
    "--clusters", type=click.IntRange(1), help="At most so many, of --correlations; default 10."
)
@click.option("--session", help="Of several, the one to draw or correlate.")
@SET
@JSON
def inspect(
    path: Path,
    recipe: str | None,
    png: Path | None,
    correlations: Path | None,
    clusters: int | None,
    session: str | None,
    overrides: Sequence[str],
    as_json: bool,
) -> None:
    """Show what a prepared dataset, or a raw recording, holds. --set view.KEY=VALUE: the view that
    is correlated.
    """
    if session and not (png or correlations):
        raise click.UsageError(
            "--session chooses what --png or --correlations shows; give one of them as well"
        )
    if (clusters or overrides) and not correlations:
        raise click.UsageError("--clusters and --set are of --correlations; give it as well")
    found = raylab.inspect(path, recipe=recipe)
    if as_json:
        print_json(found)
    else:
        print_sessions(found["sessions"])
        click.echo(
            "total: {sessions} sessions, {samples} samples, {units} units, {hours} h".format(
                **found["totals"]
            )
        )
    for file in raylab.draw(path, out=png, recipe=recipe, session=session) if png else []:
        click.echo(file, err=True)
    if correlations:
        view = viewed(overrides)
        table = raylab.unit_correlations(
            path, out=correlations, session=session, clusters=clusters or 10, view=view
        )
        shown = {session} if session else {one["id"] for one in found["sessions"]}
        for name in sorted(shown - set(table["session"])):
            click.echo(f"not correlated: {name}: no training samples", err=True)
        click.echo(correlations, err=True)
