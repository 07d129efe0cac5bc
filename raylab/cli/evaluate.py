"""The verb `evaluate`: scores of trained models on held-out samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import raylab
from raylab.cli.checks.evaluate import Evaluation, check_evaluate
from raylab.cli.group import JSON, PATH, STUDY, verb
from raylab.cli.show.comparison import print_comparison
from raylab.cli.show.consistency import print_consistency
from raylab.cli.show.evaluation import print_evaluation
from raylab.cli.show.screen import print_json
from raylab.cli.show.shuffles import print_shuffles
from raylab.cli.show.study import say_choice, say_unselected, show_answer
from raylab.cli.show.topology import print_topology

if TYPE_CHECKING:
    from raylab.analysis.consistency import Between
    from raylab.results import Result


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
    help="The trial; default: the champion of `raylab select`, else the best trial by validation.",
)
@click.option(
    "--consistency",
    "between",
    type=click.Choice(["seeds", "sessions", "animals", "areas"]),
    help=(
        "R2 between embeddings. --trial names a trial and may be repeated; default: the chosen "
        "trial and its other seeds."
    ),
)
@click.option(
    "--label",
    help=(
        "The label by which --consistency aligns sessions, animals or areas; default: the "
        "study's label."
    ),
)
@click.option(
    "--bins",
    type=click.IntRange(2),
    help="The number of bins of a continuous or circular --label; default 99.",
)
@click.option(
    "--beside",
    multiple=True,
    type=PATH,
    help="With --consistency: another study, whose chosen trial is compared, too.",
)
@click.option(
    "--topology",
    type=click.Choice(["1", "2"]),
    help="Betti numbers up to this dimension, compared with shuffled activity.",
)
@click.option(
    "--against",
    metavar="LIST",
    help=(
        "Compare with other embeddings, separated by commas: pca, umap, tsne, FILE.parquet, "
        "FILE.npz."
    ),
)
@click.option(
    "--samples",
    type=click.IntRange(50),
    help="With --against: the most samples of each split and session; default 2000.",
)
@click.option(
    "--shuffles",
    type=click.IntRange(1),
    help="Train the chosen trial again on this many shuffles of its labels.",
)
@JSON
def evaluate(
    study: Path,
    split: str,
    trials: Sequence[str],
    between: Between | None,
    label: str | None,
    bins: int | None,
    beside: Sequence[Path],
    topology: str | None,
    against: str | None,
    samples: int | None,
    shuffles: int | None,
    as_json: bool,
) -> None:
    """Score trained models: decode every label, or compute the scores that the options name.

    The test split is read only if --split test names it, and each reading is counted. Of an
    answer, its scores on the test parts are shown again, without another reading.
    """
    options = Evaluation(
        study, split, trials, between, label, bins, beside, topology, against, samples, shuffles
    )
    check_evaluate(options)
    if options.shows_answer and show_answer(study, as_json=as_json):
        return
    trial = options.trial
    say_choice(study, trial)
    for path in beside:
        say_choice(path, None)
    if not as_json:
        say_unselected(study, split, trial)
    scores: dict[str, Score] = {}
    if between:
        from raylab.evaluation.consistency import BINS

        scores["consistency"] = Score(
            lambda: raylab.consistency(
                [study, *beside],
                between=between,
                label=label,
                split=split,
                trials=trials,
                bins=bins or BINS,
            ),
            print_consistency,
        )
    if topology:
        scores["topology"] = Score(
            lambda: raylab.topology(study, highest=int(topology), trial=trial, split=split),
            print_topology,
        )
    if against:
        scores["against"] = Score(
            lambda: raylab.compare_embeddings(
                study,
                against=options.methods,
                samples=samples or 2000,
                trial=trial,
                split=split,
            ),
            print_comparison,
        )
    if shuffles:
        if len(scores):  # before the others are taken, which may last for hours
            from raylab.analysis.shuffle_labels import labels_to_shuffle

            labels_to_shuffle(study, trial)
        scores["shuffles"] = Score(
            lambda: raylab.shuffle_labels(study, shuffles=shuffles, trial=trial, split=split),
            print_shuffles,
        )
    if not scores:
        scores["scores"] = Score(
            lambda: raylab.evaluate(study, trial=trial, split=split), print_evaluation
        )
    _take(scores, as_json)


@dataclass(frozen=True)
class Score:
    """How a score is taken, and how it is printed."""

    take: Callable[[], Result]
    show: Callable[[Any], None]


def _take(scores: Mapping[str, Score], as_json: bool) -> None:
    """Take every score; print each as soon as it is there, or all as one JSON value."""
    results = {}
    for name, score in scores.items():
        result = score.take()
        results[name] = result.to_dict()
        if not as_json:
            score.show(result)
    if as_json:
        print_json(results if len(results) > 1 else next(iter(results.values())))
