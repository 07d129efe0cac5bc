"""The verb `leaderboard`: trials of a study, or studies, ranked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import click

import raylab
from raylab.cli.checks.several import check_leaderboard
from raylab.cli.group import JSON, PATH, verb
from raylab.cli.show.ranking import print_ranking
from raylab.cli.show.screen import print_json
from raylab.cli.show.study import print_leaderboard


@verb(
    "raylab leaderboard study --json\n"
    "raylab leaderboard embeddings vqvaes decoders --label position --split test --out ranking.csv"
)
@click.argument("studies", nargs=-1, required=True, metavar="STUDY...", type=PATH)
@click.option(
    "--label",
    help="For several studies: the label to decode; default: the label that all studies decode.",
)
@click.option(
    "--split",
    type=click.Choice(["valid", "test"]),
    help="The split to score; default: valid. Each reading of test is counted.",
)
@click.option(
    "--by",
    type=click.Choice(["study", "family"]),
    help="One row per study (its chosen trial), or one row per kind of model in a study.",
)
@click.option("--out", type=PATH, help="Also write the rows to this CSV file.")
@JSON
def leaderboard(
    studies: Sequence[Path],
    label: str | None,
    split: Literal["valid", "test"] | None,
    by: Literal["study", "family"] | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Rank the trials of one study by its objective.

    For several studies, or with an option, rank their winners by one decoding score, beside matched
    baselines. Studies that cannot be compared are refused, with the reason.
    """
    check_leaderboard(studies, label=label, split=split, by=by, out=out)
    if len(studies) > 1 or label or split or by or out:
        ranking = raylab.rank(
            studies, label=label, split=split or "valid", by=by or "study", out=out
        )
        print_json(ranking.to_dict()) if as_json else print_ranking(ranking)
    elif as_json:
        print_json(raylab.leaderboard(studies[0]).to_dict())
    else:
        from raylab.tracking.study import StudyFolder

        print_leaderboard(StudyFolder.open(studies[0]))
