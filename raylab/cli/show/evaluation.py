"""Decoding scores beside their baselines."""

from __future__ import annotations

from typing import Any

import click

from raylab.cli.show.screen import console


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
