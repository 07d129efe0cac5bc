"""The verb `export`: embeddings or a model for other programs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import click

import raylab
from raylab.cli.group import STUDY, TRIAL, verb
from raylab.cli.show.study import say_choice

_FORMATS = """\
embeddings: a Parquet table with the embedding of every sample and its labels.
cebra: a file for cebra.CEBRA.load. raylab: the model in a folder of its own.
For the last two, STUDY may also be the folder of a model or a file of CEBRA's."""


@verb(
    "raylab export study --format embeddings --out embeddings.parquet\nraylab export study "
    "--format cebra --out model.pt\nraylab export model.pt --format raylab --out model"
)
@STUDY
@click.option(
    "--format",
    "kind",
    default="embeddings",
    show_default=True,
    type=click.Choice(["embeddings", "cebra", "raylab"]),
    help=_FORMATS,
)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="A file, or a folder for raylab."
)
@click.option(
    "--split",
    "splits",
    multiple=True,
    type=click.Choice(["train", "valid", "test"]),
    help="Of embeddings. Repeatable; default train and valid. A reading of test is counted.",
)
@TRIAL
@click.option(
    "--session", help="For cebra: this one of a model's sessions. Default: all, in one file."
)
def export(
    study: Path,
    kind: Literal["embeddings", "cebra", "raylab"],
    out: Path,
    splits: Sequence[str],
    trial: str | None,
    session: str | None,
) -> None:
    """Write the winner's embeddings, or the winner itself for use without its study."""
    say_choice(study, trial)
    if kind != "embeddings":
        if splits:
            raise click.UsageError(
                "--split is of embeddings: a model was trained on one split and knows no other."
            )
        written = raylab.export_model(study, out=out, form=kind, trial=trial, session=session)
        click.echo(f"{out}: {', '.join(written)}")
        return
    if session is not None:
        raise click.UsageError(
            "--session is of --format cebra: a table of embeddings says which session a row is of."
        )
    table = raylab.export_embeddings(
        study, out=out, splits=splits or ("train", "valid"), trial=trial
    )
    counts = ", ".join(f"{count} {split}" for split, count in table["split"].value_counts().items())
    click.echo(f"{out}: {counts} samples")
