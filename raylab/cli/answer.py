"""The verb `answer`: one question, one answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

import raylab
from raylab.cli.checks.answer import Question, check_answer
from raylab.cli.group import JSON, OUT, PATH, SET_RECIPE, FiniteRange, parsed, verb
from raylab.cli.show.answer import print_answer
from raylab.cli.show.live import live
from raylab.cli.show.screen import print_json
from raylab.cli.show.study import require_completed


@verb(
    "raylab answer ds --label position --minutes 20 --out answer\n"
    "raylab answer recordings/ --recipe hippocampus --label position --minutes 20 --out answer\n"
    "raylab answer ds --label stimulus --per presentation --families readout,mlp --out answer"
)
@click.argument("data", type=PATH)
@click.option("--label", help="The label to decode; default: the dataset's first.")
@click.option(
    "--minutes",
    type=FiniteRange(0, min_open=True),
    default=10,
    show_default=True,
    help="The time for everything: search, fits, the reading of test, and the report.",
)
@OUT
@click.option(
    "--folds",
    type=click.IntRange(1),
    help=(
        "How many parts of the data test once each; 1 keeps the splits that the dataset has. "
        "Default: 5 where the splits can be dealt again, else 1."
    ),
)
@click.option(
    "--families",
    metavar="LIST",
    help=(
        "Only these, separated by commas: families (readout, network, contrastive, vqvae) or "
        "entrants, such as ridge. Default: all but vqvae. Baselines always take part."
    ),
)
@click.option(
    "--space",
    "spaces",
    multiple=True,
    type=PATH,
    help="A search space of your own, a file or a shipped name, as one more entrant; repeatable.",
)
@click.option(
    "--per",
    default="sample",
    show_default=True,
    metavar="WHAT",
    help="What is decoded once: sample, segment (a trial), or a group, such as presentation.",
)
@click.option(
    "--seeds",
    type=click.IntRange(1),
    default=3,
    show_default=True,
    help="Networks and embeddings are fitted with so many seeds, and their predictions averaged.",
)
@click.option("--recipe", help="For recordings: a shipped recipe's name, or a YAML file.")
@SET_RECIPE
@JSON
def answer(
    data: Path,
    label: str | None,
    minutes: float,
    out: Path,
    folds: int | None,
    families: str | None,
    spaces: Sequence[Path],
    per: str,
    seeds: int,
    recipe: str | None,
    overrides: Sequence[str],
    as_json: bool,
) -> None:
    """Which model decodes a label best, how much better than the best baseline, and how sure.

    DATA is a prepared dataset, or recordings. Baselines, readouts, networks and embeddings are
    compared on the same folds; each fold's test part is read once, at the end. The last line says
    the answer. After Ctrl-C, `raylab resume OUT` finishes it.
    """
    names, values = _names(families), parsed(overrides)
    check_answer(Question(data, label, out, names, spaces, per, recipe, values))
    with live(out, stage="reading the data and dealing its folds, starting Ray") as say:
        result = raylab.answer(
            data,
            label,
            minutes=minutes,
            out=out,
            folds=folds,
            families=names,
            space=list(spaces) or None,
            per=per,
            seeds=seeds,
            recipe=recipe,
            overrides=values,
            say=say,
        )
    if as_json:
        print_json(result.to_dict())
    else:
        print_answer(result.to_dict(), out)
    if result.outcome == "nothing":
        require_completed(out)


def _names(families: str | None) -> list[str] | None:
    """`readout, mlp` as a list."""
    if families is None:
        return None
    names = [name.strip() for name in families.split(",") if name.strip()]
    if not names:
        raise click.UsageError("--families names nothing: for example --families readout,mlp")
    return names
