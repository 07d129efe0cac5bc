"""The verb `export`: embeddings or a model for other programs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import click

import raylab
from raylab.cli.checks.export import check_export
from raylab.cli.group import ENTRANT, PATH, STUDY, TRIAL, verb
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
    "--out",
    required=True,
    type=PATH,
    help="The file to write; with --format raylab, a folder.",
)
@click.option(
    "--split",
    "splits",
    multiple=True,
    type=click.Choice(["train", "valid", "test"]),
    help=(
        "With --format embeddings: a split to write; repeatable; default: train and valid. Each "
        "reading of test is counted."
    ),
)
@TRIAL
@ENTRANT
@click.option(
    "--session",
    help="With --format cebra: the only session to write; default: all sessions, in one file.",
)
def export(
    study: Path,
    kind: Literal["embeddings", "cebra", "raylab"],
    out: Path,
    splits: Sequence[str],
    trial: str | None,
    entrant: str | None,
    session: str | None,
) -> None:
    """Write the embeddings of the chosen trial, or its model for use without the study. Of an
    answer, those of its recommended entrant.
    """
    check_export(
        study,
        kind=kind,
        out=out,
        splits=splits,
        trial=trial,
        entrant=entrant,
        session=session,
    )
    say_choice(study, trial or entrant)
    if kind != "embeddings":
        written = raylab.export_model(
            study, out=out, form=kind, trial=trial, entrant=entrant, session=session
        )
        click.echo(f"{out}: {', '.join(written)}")
        return
    table = raylab.export_embeddings(
        study, out=out, splits=splits or ("train", "valid"), trial=trial, entrant=entrant
    )
    counts = ", ".join(f"{count} {split}" for split, count in table["split"].value_counts().items())
    click.echo(f"{out}: {counts} samples")
