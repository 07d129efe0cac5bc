"""The verb `evaluate`: scores of trained models on held-out samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

import raylab
from raylab.cli.group import JSON, STUDY, verb
from raylab.cli.show import print_evaluation, print_json, say_choice, say_unselected
from raylab.cli.show_scores import (
    print_comparison,
    print_consistency,
    print_shuffles,
    print_topology,
)


@verb(
    "raylab evaluate study --split test\n"
    "raylab evaluate study --consistency seeds --beside other_study\n"
    "raylab evaluate study --topology 1 --against pca,umap,tsne,saved.parquet --shuffles 10"
)
@STUDY
@click.option("--split", default="valid", show_default=True, type=click.Choice(["valid", "test"]))
@click.option(
    "--trial",
    "trials",
    multiple=True,
    help="Default: the champion of `raylab select`, else the best by validation.",
)
@click.option(
    "--consistency",
    "between",
    type=click.Choice(["seeds", "sessions", "animals", "areas"]),
    help="R2 between embeddings. Of --trial, repeatable; default the winner and its seeds.",
)
@click.option(
    "--label",
    help="By which --consistency aligns sessions, animals or areas; default: the study's.",
)
@click.option(
    "--bins", type=click.IntRange(2), help="Of a continuous or circular --label; default 99."
)
@click.option(
    "--beside",
    multiple=True,
    type=click.Path(path_type=Path),
    help="With --consistency: the winner of another study.",
)
@click.option(
    "--topology",
    type=click.Choice(["1", "2"]),
    help="Betti numbers up to this dimension, against shuffles.",
)
@click.option(
    "--against",
    metavar="LIST",
    help="Decode beside pca, umap, tsne, saved embeddings (FILE.parquet, FILE.npz): a,b,c.",
)
@click.option(
    "--samples",
    type=click.IntRange(50),
    help="With --against: of each split and session; default 2000.",
)
@click.option(
    "--shuffles",
    type=click.IntRange(1),
    help="Train the winner again on so many shuffles of its labels.",
)
@JSON
def evaluate(study: Path, split: str, trials: Sequence[str], as_json: bool, **asked: Any) -> None:
    """Score trained models: decode every label, or whichever scores are asked for.

    The test split is read by name only; each reading is counted.
    """
    for path in (study, *asked["beside"]):
        say_choice(path, trials[0] if trials and path == study else None)
    if not as_json:
        say_unselected(study, split, trials[0] if trials else None)
    results = {}
    for name, (score, show) in _scores(study, split, trials, **asked).items():
        results[name] = score()
        if not as_json:
            show(results[name])
    if as_json:
        print_json(results if len(results) > 1 else next(iter(results.values())))


def _scores(
    study: Path,
    split: str,
    trials: Sequence[str],
    *,
    between: Any,
    label: str | None,
    bins: int | None,
    beside: Sequence[Path],
    topology: str | None,
    against: str | None,
    samples: int | None,
    shuffles: int | None,
) -> dict[str, tuple[Callable[[], Any], Callable[[Any], None]]]:
    """What was asked for: name -> how to take the score, how to show it."""
    if between is None and (label or bins or beside):
        raise click.UsageError("--label, --bins and --beside belong to --consistency")
    if between == "seeds" and (label or bins):
        raise click.UsageError(
            "seeds are compared sample by sample: --label and --bins are of the other kinds"
        )
    if against is None and samples:
        raise click.UsageError("--samples belongs to --against")
    if len(trials) > 1 and between is None:
        raise click.UsageError("several trials are compared by --consistency only")
    one: dict[str, Any] = {"trial": trials[0] if trials else None, "split": split}
    asked: dict[str, tuple[Callable[[], Any], Callable[[Any], None]]] = {}
    if between:
        how: dict[str, Any] = {"between": between, "label": label, "split": split, "trials": trials}
        how |= {"bins": bins} if bins else {}
        asked["consistency"] = (
            lambda: raylab.consistency([study, *beside], **how),
            print_consistency,
        )
    if topology:
        asked["topology"] = (
            lambda: raylab.topology(study, highest=int(topology), **one),
            print_topology,
        )
    if against:
        methods, limit = against.split(","), {"samples": samples} if samples else {}
        asked["against"] = (
            lambda: raylab.compare_embeddings(study, against=methods, **limit, **one),
            print_comparison,
        )
    if shuffles:
        asked["shuffles"] = (
            lambda: raylab.shuffle_labels(study, shuffles=shuffles, **one),
            print_shuffles,
        )
    return asked or {"scores": (lambda: raylab.evaluate(study, **one), print_evaluation)}
