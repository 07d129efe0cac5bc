"""The command `raylab`: few verbs, each a few lines that call the package."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

import raylab
from raylab.errors import RaylabError

_SET = click.option(
    "--set", "overrides", multiple=True, metavar="PATH=VALUE", help="Override a config path; repeatable."
)
_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON value on standard output, nothing else there.")
_STUDY = click.argument("study", type=click.Path(path_type=Path))
_DATA = click.option("--data", required=True, type=click.Path(path_type=Path), help="A prepared dataset.")
_OUT = click.option("--out", required=True, type=click.Path(path_type=Path), help="The study's folder; must not exist.")
_WORKERS = click.option("--workers", type=click.IntRange(1), help="Data-parallel workers of a trial, under Ray Train.")


class _Verb(click.Command):
    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Examples keep their line breaks."""
        if self.epilog:
            formatter.write_paragraph()
            for line in self.epilog.splitlines():
                formatter.write_text(line.strip())


def _verb(example: str) -> Any:
    return cli.command(cls=_Verb, epilog=f"Example:\n{example}")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(raylab.__version__, prog_name="raylab")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
def cli(debug: bool) -> None:
    """Search, train and compare neural-data models; every trial recorded, every score comparable."""


@_verb("raylab synth runs/recordings --sessions 4")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--sessions", default=4, show_default=True, type=click.IntRange(1))
@click.option("--samples", default=6000, show_default=True, type=click.IntRange(100), help="Per session, at 30 Hz.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0))
@click.option("--form", default="domains", show_default=True, type=click.Choice(["domains", "masks"]))
def synth(out: Path, sessions: int, samples: int, seed: int, form: str) -> None:
    """Write synthetic two-photon sessions with known latents, in the torch_brain format."""
    written = raylab.synth(out, sessions=sessions, samples=samples, seed=seed, form=form)
    click.echo(f"{len(written)} sessions in {out}")


@_verb("raylab prepare recordings/ --recipe worm --out ds --set splits.kind=blocked")
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--recipe", help="A shipped recipe's name, or a YAML file; torch_brain session files need none.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The dataset's folder; must not exist.")
@click.option("--strict", is_flag=True, help="Stop at the first file that cannot be read.")
@_SET
def prepare(source: Path, recipe: str | None, out: Path, strict: bool, overrides: Sequence[str]) -> None:
    """Turn recordings of any format into a prepared dataset. Exit code 3 when some files could not be read."""
    from rich.progress import Progress

    with Progress(console=_console(), transient=True) as bar:
        task = bar.add_task("preparing", total=None)
        made = raylab.prepare(
            source,
            recipe=recipe,
            out=out,
            strict=strict,
            overrides=_parsed(overrides),
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    _print_sessions(made.dataset.manifest["sessions"])
    for failure in made.failed:
        click.echo(f"not read: {failure['error']}", err=True)
    click.echo(f"{len(made.dataset.sessions)} sessions in {out}, fingerprint {made.dataset.fingerprint[:12]}")
    if made.failed:
        sys.exit(3)


@_verb("raylab inspect ds --json")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--recipe", help="For raw recordings.")
@_JSON
def inspect(path: Path, recipe: str | None, as_json: bool) -> None:
    """Show what a prepared dataset, or a raw recording, holds."""
    found = raylab.inspect(path, recipe=recipe)
    if as_json:
        _print_json(found)
    else:
        _print_sessions(found["sessions"])


@_verb("raylab search search_spaces/contrastive.yaml --data ds --out study --trials 16")
@click.argument("space", type=click.Path(path_type=Path))
@_DATA
@_OUT
@click.option("--trials", type=click.IntRange(1), help="Overrides budget.trials.")
@_WORKERS
@_SET
def search(
    space: Path, data: Path, out: Path, trials: int | None, workers: int | None, overrides: Sequence[str]
) -> None:
    """Search a space: trials in parallel, all recorded, a leaderboard and a report at the end."""
    chosen = _parsed(overrides) | ({"resources.workers": workers} if workers else {})
    _show(raylab.search(space, data=data, out=out, trials=trials, overrides=chosen, say=_say))


@_verb("raylab train config.yaml --data ds --out study --workers 2")
@click.argument("config", type=click.Path(path_type=Path))
@_DATA
@_OUT
@_WORKERS
@_SET
def train(config: Path, data: Path, out: Path, workers: int | None, overrides: Sequence[str]) -> None:
    """Train one config: a study of one trial."""
    chosen = _parsed(overrides) | ({"resources.workers": workers} if workers else {})
    _show(raylab.train(config, data=data, out=out, overrides=chosen, say=_say))


@_verb("raylab resume study")
@_STUDY
def resume(study: Path) -> None:
    """Finish a study that was interrupted; a finished one is left as it is."""
    _show(raylab.resume(study, say=_say))


@_verb("raylab sync study")
@_STUDY
def sync(study: Path) -> None:
    """Bring MLflow to what the study's ledger says; repeating it changes nothing."""
    synced = raylab.sync(study)
    click.echo(f"{len(synced.records())} trials in MLflow at {synced.description['tracking']['uri']}")


@_verb("raylab leaderboard study --json")
@_STUDY
@_JSON
def leaderboard(study: Path, as_json: bool) -> None:
    """Rank the trials of a study; matched baselines stand beside them."""
    if as_json:
        _print_json(raylab.leaderboard(study))
        return
    from raylab.tracking.study import StudyFolder

    _print_leaderboard(StudyFolder.open(study))


@_verb("raylab evaluate study --split test")
@_STUDY
@click.option("--split", default="valid", show_default=True, type=click.Choice(["valid", "test"]))
@click.option("--trial", help="Default: the best completed trial by validation.")
@_JSON
def evaluate(study: Path, split: str, trial: str | None, as_json: bool) -> None:
    """Decode every label from the winner's embedding. The only way to read the test split; each reading is counted."""
    result = raylab.evaluate(study, split=split, trial=trial)
    if as_json:
        _print_json(result)
    else:
        _print_evaluation(result)


@_verb("raylab report study")
@_STUDY
def report(study: Path) -> None:
    """Write leaderboard.csv and one self-contained report.html."""
    click.echo(raylab.report(study))


@_verb("raylab export study --format embeddings --out embeddings.parquet")
@_STUDY
@click.option("--format", "kind", default="embeddings", show_default=True, type=click.Choice(["embeddings"]))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A Parquet file.")
@click.option(
    "--split",
    "splits",
    multiple=True,
    type=click.Choice(["train", "valid", "test"]),
    help="Repeatable; default train and valid. A reading of test is counted.",
)
@click.option("--trial", help="Default: the best completed trial by validation.")
def export(study: Path, kind: str, out: Path, splits: Sequence[str], trial: str | None) -> None:
    """Write the winner's embedding of every sample, with labels, as a table."""
    table = raylab.export_embeddings(study, out=out, splits=splits or ("train", "valid"), trial=trial)
    counts = ", ".join(f"{count} {split}" for split, count in table["split"].value_counts().items())
    click.echo(f"{out}: {counts} samples")


@_verb("raylab ui")
@click.option("--port", default=5000, show_default=True, type=click.IntRange(1, 65535))
def ui(port: int) -> None:
    """Open the MLflow UI on this machine (loopback), on the store that searches write to."""
    from raylab.tracking.mlflow import default_uri, ui_command

    uri = default_uri(Path(os.environ.get("RAYLAB_HOME", ".")))
    click.echo(f"MLflow at http://127.0.0.1:{port} (Ctrl-C ends it)")
    # MLflow's job runner would cost 240 MB and serve nothing here.
    quiet = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    command = ui_command(uri, port=port)
    sys.stdout.flush()
    os.execvpe(command[0], command, quiet)  # becomes the server: whoever ends this process ends it


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; errors of users are one or two lines on standard error, exit code 2."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    try:
        cli.main(args=[a for a in given if a != "--debug"], prog_name="raylab", standalone_mode=False)
    except RaylabError as error:
        _fail(error, str(error), error.exit_code, debug)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort) as error:
        _fail(error, "stopped; what was begun is recorded. `raylab resume STUDY` goes on with a study.", 130, debug)
    except OSError as error:  # a folder where a file should be, a full disk, no permission
        _fail(error, f"{error.filename or 'file system'}: {error.strerror or error}", 2, debug)
    except Exception as error:
        _fail(
            error, f"internal error: {type(error).__name__}: {error}\n  Run again with --debug and report it.", 1, debug
        )


def _fail(error: BaseException, text: str, code: int, debug: bool) -> None:
    if debug:
        traceback.print_exception(error)
    click.echo(f"raylab: {text}", err=True)
    sys.exit(code)


def _say(line: str) -> None:
    click.echo(line, err=True)


def _console(*, stderr: bool = True) -> Any:
    """At least 100 columns where the output is not a terminal: tables in a log need their width."""
    from rich.console import Console

    console = Console(stderr=stderr)
    return console if console.is_terminal else Console(stderr=stderr, width=max(console.width, 120))


def _parsed(overrides: Sequence[str]) -> dict[str, Any]:
    from raylab.parsing import parse_override

    return dict(parse_override(text) for text in overrides)


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, default=str))


def _show(study: Any) -> None:
    _print_leaderboard(study)
    click.echo(f"report      {study.report_path}")
    click.echo(f"MLflow      {study.description['tracking']['uri']}  (open it with `raylab ui`)")


def _print_leaderboard(study: Any) -> None:
    from raylab.reporting.leaderboard import rows, table

    objective, records, console = study.description["objective"], study.records(), _console(stderr=False)
    console.print(
        table(
            rows(records, objective["mode"]),
            baselines=study.baselines(),
            objective=objective,
            label=study.description["label"],
            errors={record.trial: record.error for record in records},
            width=console.width,
        )
    )


def _print_sessions(sessions: list[dict[str, Any]]) -> None:
    from rich.table import Table

    grid = Table("session", "samples", "units", "Hz", "train / valid / test", "labels")
    for entry in sessions:
        split = " / ".join(str(entry["splits"].get(name, 0)) for name in ("train", "valid", "test"))
        labels = [
            f"{name} ({label['kind']}{', ' + label['unit'] if label['unit'] else ''}"
            + (f", {label['unlabelled']} unlabelled)" if label["unlabelled"] else ")")
            for name, label in entry["labels"].items()
        ]
        grid.add_row(
            entry["id"], str(entry["samples"]), str(entry["units"]), f"{entry['rate_hz']:g}", split, "\n".join(labels)
        )
    console = _console(stderr=False)
    console.print(grid)
    for entry in sessions:
        if entry.get("dropped_units"):
            console.print(
                f"{entry['id']}: {len(entry['dropped_units'])} units constant in training samples, dropped: "
                f"{', '.join(map(str, entry['dropped_units']))}"
            )
        for note in entry["notes"]:
            console.print(f"{entry['id']}: {note}")


def _print_evaluation(result: dict[str, Any]) -> None:
    from rich.table import Table

    grid = Table(
        "label",
        "metric",
        f"trial {result['trial']}",
        "95 % interval",
        *result["baselines"],
        title=f"{result['split']} split",
    )
    for label, scores in result["scores"].items():
        for metric, value in scores.items():
            interval = result["intervals"].get(label, {}).get(metric)
            shown = f"{interval[0]:.3f} ... {interval[1]:.3f}" if interval else ""
            others = [entry.get(label, {}).get(metric) for entry in result["baselines"].values()]
            grid.add_row(label, metric, f"{value:.3f}", shown, *[f"{o:.3f}" if o is not None else "" for o in others])
    _console(stderr=False).print(grid)
    if result["split"] == "test":
        click.echo(f"the test split of this study was read {result['test_reads']} time(s)")


if __name__ == "__main__":
    main()
