"""The verb `inspect`: what a dataset or a recording holds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

import raylab
from raylab.cli.group import COMPANIONS, JSON, PATH, SET, folders_by_name, verb, view_section
from raylab.cli.show.contents import print_contents
from raylab.cli.show.draft import print_draft
from raylab.cli.show.screen import print_json
from raylab.cli.show.sessions import print_sessions
from raylab.data.looking.contents import Contents


@verb(
    "raylab inspect recording.mat\nraylab inspect recording.mat --draft recipe.yaml\n"
    "raylab inspect ds --json\nraylab inspect ds --png pictures/\n"
    "raylab inspect ds --correlations units/"
)
@click.argument("path", type=PATH)
@click.option(
    "--recipe", help="The recipe of a raw recording: a shipped recipe's name, or a YAML file."
)
@COMPANIONS
@click.option(
    "--draft",
    "drafted",
    type=PATH,
    help="Draft a recipe of raw recordings into this YAML file, which must not exist yet.",
)
@click.option(
    "--png",
    type=PATH,
    help="Draw activity, labels and splits into this file or folder.",
)
@click.option(
    "--correlations",
    type=PATH,
    help=(
        "For a dataset: write the correlations between units over training samples, and their "
        "clusters, into this folder."
    ),
)
@click.option(
    "--clusters",
    type=click.IntRange(1),
    help="The largest number of clusters of --correlations; default 10.",
)
@click.option(
    "--session", help="With --png or --correlations: the only session to draw or correlate."
)
@SET
@JSON
def inspect(
    path: Path,
    recipe: str | None,
    companions: Sequence[str],
    drafted: Path | None,
    png: Path | None,
    correlations: Path | None,
    clusters: int | None,
    session: str | None,
    overrides: Sequence[str],
    as_json: bool,
) -> None:
    """Show what a prepared dataset, a raw recording, or any file or folder holds.

    Without a recipe: a tree of the arrays in PATH, what PATH seems to be, and what to do next.
    --draft writes a recipe, in which doubtful guesses are marked `# check`. --set view.KEY=VALUE:
    the view that is correlated.
    """
    if session and not (png or correlations):
        raise click.UsageError(
            "--session chooses what --png or --correlations shows; give one of them as well"
        )
    if (clusters or overrides) and not correlations:
        raise click.UsageError("--clusters and --set need --correlations")
    folders = folders_by_name(companions)
    if drafted is not None:
        if recipe or companions or png or correlations:
            raise click.UsageError("--draft writes a recipe, so it stands alone with --json")
        print_draft(raylab.draft(path, out=drafted), path, drafted, as_json=as_json)
        return
    description = raylab.inspect(path, recipe=recipe, companions=folders)
    if as_json:
        print_json(description.to_dict())
    elif isinstance(description, Contents):
        print_contents(description)
    else:
        value = description.to_dict()
        print_sessions(value["sessions"], value.get("notes", ()))
        click.echo(
            "total: {sessions} sessions, {samples} samples, {units} units, {hours} h".format(
                **description.totals.to_dict()
            )
        )
    if isinstance(description, Contents):
        if png or correlations:
            raise click.UsageError("--png and --correlations need a dataset, or --recipe")
        return
    if png:
        drawn = raylab.draw(path, out=png, recipe=recipe, companions=folders, session=session)
        for file in drawn:
            click.echo(file, err=True)
    if correlations:
        view = view_section(overrides)
        table = raylab.unit_correlations(
            path, out=correlations, session=session, clusters=clusters or 10, view=view
        )
        shown = {session} if session else {entry.id for entry in description.sessions}
        for name in sorted(shown - set(table["session"])):
            click.echo(f"not correlated: {name}: no training samples", err=True)
        click.echo(correlations, err=True)
