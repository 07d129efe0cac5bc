"""What verbs print: tables and lines for people, JSON for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

COLUMNS = 8  # of a label whose ranges are printed


def say(line: str) -> None:
    click.echo(line, err=True)


def console(*, stderr: bool = True) -> Any:
    """At least 100 columns where the output is not a terminal: tables in a log need their width."""
    from rich.console import Console

    screen = Console(stderr=stderr)
    return screen if screen.is_terminal else Console(stderr=stderr, width=max(screen.width, 120))


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, default=str))


def print_study(study: Any) -> None:
    print_leaderboard(study)
    say_choice(study.path, None)
    click.echo(f"report      {study.report_path}")
    click.echo(f"MLflow      {study.description['tracking']['uri']}  (open it with `raylab ui`)")


def print_leaderboard(study: Any) -> None:
    from raylab.reporting.leaderboard import rows, table

    records, screen = study.records(), console(stderr=False)
    screen.print(
        table(
            rows(records, *study.modes, metrics=study.metrics),
            baselines=study.baselines(),
            metrics=study.metrics,
            label=study.description["label"],
            errors={record.trial: record.error for record in records},
            width=screen.width,
        )
    )


def print_ranking(result: dict[str, Any]) -> None:
    from raylab.reporting.ranking import remarks, table

    console(stderr=False).print(table(result))
    for line in remarks(result):
        click.echo(line)


def say_choice(path: Path, trial: str | None) -> None:
    """Which trial is used where none is named and several objectives leave a choice. A path may be
    a model's, too.
    """
    from raylab.analysis.winner import said_choice
    from raylab.tracking.study import StudyFolder

    if (
        trial is None
        and (path / "study.json").is_file()
        and (said := said_choice(StudyFolder.open(path)))
    ):
        say(said)


def say_unselected(path: Path, split: str, trial: str | None) -> None:
    """That no selection over seeds comes before a reading of the test split."""
    from raylab.analysis.winner import unselected
    from raylab.tracking.study import StudyFolder

    if split == "test" and trial is None and (said := unselected(StudyFolder.open(path))):
        say(f"note: {said}")


def print_sessions(sessions: list[dict[str, Any]]) -> None:
    from rich.table import Table

    grid = Table("session", "samples", "units", "Hz", "train / valid / test", "labels")
    for entry in sessions:
        split = " / ".join(str(entry["splits"].get(name, 0)) for name in ("train", "valid", "test"))
        labels = [_label_line(name, label) for name, label in entry["labels"].items()]
        labels += [
            f"{name} ({count} {name}s, to split by)"
            for name, count in entry.get("groups", {}).items()
        ]
        grid.add_row(
            entry["id"],
            str(entry["samples"]),
            str(entry["units"]),
            f"{entry['rate_hz']:g}",
            split,
            "\n".join(labels),
        )
    screen = console(stderr=False)
    screen.print(grid)
    for entry in sessions:
        for name, units in entry.get("removed", {}).items():
            screen.print(
                f"{entry['id']}: {len(units)} units dropped, {name} in training samples: "
                f"{_shortly(units)}"
            )
        for note in entry["notes"]:
            screen.print(f"{entry['id']}: {note}")


def _label_line(name: str, label: dict[str, Any]) -> str:
    """`velocity -0.1 ... 0.04 (continuous, cm/s, 12 unlabelled)`"""
    about = [
        label["kind"],
        label["unit"],
        f"{label['unlabelled']} unlabelled" if label["unlabelled"] else "",
    ]
    values = f"{len(label['classes'])} classes" if label["kind"] == "discrete" else ""
    if "range" in label:
        ranges = [f"{low:.3g} ... {high:.3g}" for low, high in zip(*label["range"])]
        more = (
            f" and {len(ranges) - COLUMNS} more columns" if len(ranges) > COLUMNS else ""
        )  # pixels are many
        values = ", ".join(ranges[:COLUMNS]) + more
    return f"{name} {values} ({', '.join(part for part in about if part)})"


def _shortly(numbers: list[int]) -> str:
    more = f" and {len(numbers) - 20} more" if len(numbers) > 20 else ""
    return ", ".join(map(str, numbers[:20])) + more


def print_evaluation(result: dict[str, Any]) -> None:
    from rich.table import Table

    grid = Table(
        "label",
        "metric",
        f"trial {result['trial']}",
        "95 % interval",
        "permuted labels",
        *result["baselines"],
        title=f"{result['split']} split",
    )
    for label, scores in result["scores"].items():
        for metric, value in scores.items():
            interval = result["intervals"].get(label, {}).get(metric)
            shown = f"{interval[0]:.3f} ... {interval[1]:.3f}" if interval else ""
            chance = result["permuted"].get(label, {}).get(metric)
            permuted = (
                f"{chance['low']:.3f} ... {chance['high']:.3f}, p {chance['p']:.3f}"
                if chance
                else ""
            )
            others = [entry.get(label, {}).get(metric) for entry in result["baselines"].values()]
            told = [f"{other:.3f}" if other is not None else "" for other in others]
            grid.add_row(label, metric, f"{value:.3f}", shown, permuted, *told)
    console(stderr=False).print(grid)
    if len(result["sessions"]) > 1:
        _print_session_scores(result)
    if result["split"] == "test":
        for splits in dict.fromkeys(map(tuple, result["fitted"].values())):
            click.echo(f"decoders were fitted on {' and '.join(splits)}")
        click.echo(f"the test split of this study has now been read {result['test_reads']} time(s)")


def _print_session_scores(result: dict[str, Any]) -> None:
    """A row a session, a column a label, its first score; of an animal's sessions, and of all,
    median and quartiles.
    """
    from rich.table import Table

    columns = [(label, next(iter(scores))) for label, scores in result["scores"].items()]
    grid = Table(
        "",
        *(f"{label}\n{metric}" for label, metric in columns),
        title="by session; median (quartiles), n",
    )
    for name, scores in result["sessions"].items():
        values = [scores.get(label, {}).get(metric) for label, metric in columns]
        grid.add_row(name, *("" if value is None else f"{value:.3f}" for value in values))
    grid.add_section()
    summaries = {f"animal {name}": found for name, found in result["animals"].items()}
    summaries |= {f"all {name}": found for name, found in result["summary"].items() if found}
    for name, found in summaries.items():
        grid.add_row(
            name, *(_spread(found.get(label, {}).get(metric)) for label, metric in columns)
        )
    console(stderr=False).print(grid)


def _spread(found: dict[str, Any] | None) -> str:
    if found is None:
        return ""
    lower, upper = found["quartiles"]
    return f"{found['median']:.3f} ({lower:.3f} ... {upper:.3f}), {found['n']}"
