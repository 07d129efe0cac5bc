"""Verbs of studies."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import click

import raylab
from raylab.cli.group import DATA, JSON, OUT, SET, STUDY, WORKERS, parsed, verb
from raylab.cli.show import (
    print_json,
    print_leaderboard,
    print_ranking,
    print_study,
    say,
    say_choice,
)
from raylab.cli.show_scores import print_alternatives


@verb("raylab search search_spaces/contrastive.yaml --data ds --out study --trials 16")
@click.argument("space", type=click.Path(path_type=Path))
@DATA
@OUT
@click.option("--trials", type=click.IntRange(1), help="Overrides budget.trials.")
@WORKERS
@SET
def search(
    space: Path,
    data: Path,
    out: Path,
    trials: int | None,
    workers: int | None,
    overrides: Sequence[str],
) -> None:
    """Search a space: trials in parallel, all recorded, a leaderboard and a report at the end."""
    chosen = parsed(overrides) | ({"resources.workers": workers} if workers else {})
    print_study(raylab.search(space, data=data, out=out, trials=trials, overrides=chosen, say=say))


@verb("raylab train config.yaml --data ds --out study --workers 2")
@click.argument("config", type=click.Path(path_type=Path))
@DATA
@OUT
@WORKERS
@SET
def train(
    config: Path, data: Path, out: Path, workers: int | None, overrides: Sequence[str]
) -> None:
    """Train one config: a study of one trial."""
    chosen = parsed(overrides) | ({"resources.workers": workers} if workers else {})
    print_study(raylab.train(config, data=data, out=out, overrides=chosen, say=say))


@verb("raylab compare search_spaces/quantizers.yaml --data ds --out compared --seeds 5")
@click.argument("space", type=click.Path(path_type=Path))
@DATA
@OUT
@click.option(
    "--over", metavar="PATH", help="Which searched choice; default: the one that others depend on."
)
@click.option(
    "--seeds",
    type=click.IntRange(1),
    default=5,
    show_default=True,
    help="Trials of each alternative.",
)
@click.option(
    "--any-size", is_flag=True, help="Also where alternatives learn different amounts of numbers."
)
@SET
@JSON
def compare(
    space: Path,
    data: Path,
    out: Path,
    over: str | None,
    seeds: int,
    any_size: bool,
    overrides: Sequence[str],
    as_json: bool,
) -> None:
    """Train each value of one choice over seeds, all else equal: means, intervals, a table and a
    figure.
    """
    found = raylab.compare(
        space,
        data=data,
        out=out,
        over=over,
        seeds=seeds,
        any_size=any_size,
        overrides=parsed(overrides),
        say=say,
    )
    if as_json:
        print_json(found)
    else:
        print_alternatives(found, out)


@verb("raylab adapt study --data other --out adapted")
@STUDY
@DATA
@OUT
@click.option(
    "--trial", help="Default: the champion of `raylab select`, else the best by validation."
)
@click.option(
    "--layers",
    default="input",
    show_default=True,
    type=click.Choice(["input", "all"]),
    help="What is trained: the first layer of each session, or all.",
)
@click.option(
    "--session",
    help="Of the trained model: whose layers, where it has an encoder for each session.",
)
@WORKERS
@SET
def adapt(
    study: Path,
    data: Path,
    out: Path,
    trial: str | None,
    layers: Literal["input", "all"],
    session: str | None,
    workers: int | None,
    overrides: Sequence[str],
) -> None:
    """Fit a trained model to other sessions or animals: new first layers, the rest as it was."""
    say_choice(study, trial)
    chosen = parsed(overrides) | ({"resources.workers": workers} if workers else {})
    print_study(
        raylab.adapt(
            study,
            data=data,
            out=out,
            trial=trial,
            layers=layers,
            session=session,
            overrides=chosen,
            say=say,
        )
    )


@verb("raylab resume study")
@STUDY
def resume(study: Path) -> None:
    """Finish a study that was interrupted; a finished one is left as it is."""
    print_study(raylab.resume(study, say=say))


@verb("raylab sync study")
@STUDY
def sync(study: Path) -> None:
    """Bring MLflow to what the study's ledger says; repeating it changes nothing."""
    synced = raylab.sync(study)
    click.echo(
        f"{len(synced.records())} trials in MLflow at {synced.description['tracking']['uri']}"
    )


@verb(
    "raylab leaderboard study --json\n"
    "raylab leaderboard embeddings vqvaes decoders --label position --split test --out ranking.csv"
)
@click.argument(
    "studies", nargs=-1, required=True, metavar="STUDY...", type=click.Path(path_type=Path)
)
@click.option(
    "--label", help="Of several studies: what is decoded; default: the label that all decode."
)
@click.option(
    "--split",
    type=click.Choice(["valid", "test"]),
    help="Default valid. A reading of test is counted.",
)
@click.option(
    "--by",
    type=click.Choice(["study", "family"]),
    help="A row a study (its winner), or a kind of model in a study.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="Write the rows to this CSV file, too."
)
@JSON
def leaderboard(studies: Sequence[Path], as_json: bool, **asked: Any) -> None:
    """Rank the trials of a study, or, of several studies or with an option, their winners by one
    decoding score.

    Matched baselines stand beside them. Studies that do not compare are refused, with the reason.
    """
    options = {name: value for name, value in asked.items() if value is not None}
    if len(studies) > 1 or options:
        ranking = raylab.rank(studies, **options)
        print_json(ranking) if as_json else print_ranking(ranking)
    elif as_json:
        print_json(raylab.leaderboard(studies[0]))
    else:
        from raylab.tracking.study import StudyFolder

        print_leaderboard(StudyFolder.open(studies[0]))


@verb("raylab report study\nraylab report embeddings decoders --out compared.html")
@click.argument(
    "studies", nargs=-1, required=True, metavar="STUDY...", type=click.Path(path_type=Path)
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Of several studies: the page that compares them.",
)
@click.option(
    "--label", help="Of several studies: what is decoded; default: the label that all decode."
)
def report(studies: Sequence[Path], out: Path | None, label: str | None) -> None:
    """Write leaderboard.csv and one self-contained report.html; or, of several studies, one page
    that compares them.
    """
    for study in studies:
        say_choice(study, None)
    click.echo(raylab.report(studies, out=out, label=label))


_FORMATS = """embeddings: of every sample, with labels, as a Parquet table. cebra: a file for cebra.CEBRA.load.
raylab: the model in a folder of its own. The last two also take a model's folder or a file of CEBRA's for STUDY."""


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
@click.option(
    "--trial", help="Default: the champion of `raylab select`, else the best by validation."
)
@click.option(
    "--session", help="For cebra: this one of a model's sessions. Default: all, in one file."
)
def export(
    study: Path, kind: str, out: Path, splits: Sequence[str], trial: str | None, session: str | None
) -> None:
    """Write the winner's embeddings, or the winner itself for CEBRA or for use without its study."""
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


@verb("raylab ui")
@click.option("--port", default=5000, show_default=True, type=click.IntRange(1, 65535))
def ui(port: int) -> None:
    """Open the MLflow UI on this machine (loopback), on the store that searches write to."""
    from raylab.tracking.mlflow import default_uri, ui_command

    uri = default_uri(Path(os.environ.get("RAYLAB_HOME", ".")))
    click.echo(f"MLflow at http://127.0.0.1:{port} (Ctrl-C ends it)")
    # MLflow's job runner would cost 240 MB and serve nothing here.
    quiet = {
        **os.environ,
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    command = ui_command(uri, port=port)
    sys.stdout.flush()
    os.execvpe(command[0], command, quiet)  # becomes the server: whoever ends this process ends it
