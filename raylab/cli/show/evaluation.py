"""Decoding scores beside their baselines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from raylab.cli.show.screen import number, print_table

if TYPE_CHECKING:
    from raylab.analysis.evaluate import Evaluation, Spread


def print_evaluation(result: Evaluation) -> None:
    """A row per label and metric, a column per baseline; sessions below."""
    from raylab.reporting.tables.grid import Grid

    heads = [
        "label",
        "metric",
        f"trial {result.trial}",
        "95 % interval",
        "permuted labels",
        *result.baselines,
    ]
    rows = []
    for label, scores in result.scores.items():
        for metric, value in scores.items():
            rows.append([label, metric, number(value), *_beside(result, label, metric)])
    print_table(Grid(heads, rows, f"{result.split} split", least=3, folds=["label"]))
    for label, reason in (result.unscored or {}).items():
        click.echo(f"{label} has no score: {reason}")
    if len(result.sessions) > 1:
        _print_session_scores(result)
    if result.split == "test":
        for splits in dict.fromkeys(map(tuple, result.fitted.values())):
            click.echo(f"decoders were fitted on {' and '.join(splits)}")
        click.echo(f"the test split of this study has now been read {result.test_reads} time(s)")


def _beside(result: Evaluation, label: str, metric: str) -> list[str]:
    """Interval, permuted labels and baselines of one score."""
    interval = result.intervals.get(label, {}).get(metric)
    chance = result.permuted.get(label, {}).get(metric)
    return [
        f"{interval[0]:.3f} ... {interval[1]:.3f}" if interval else "",
        f"{chance['low']:.3f} ... {chance['high']:.3f}, p {chance['p']:.3f}" if chance else "",
        *(number(scores.get(label, {}).get(metric)) for scores in result.baselines.values()),
    ]


def _print_session_scores(result: Evaluation) -> None:
    """A row per session, a column per label with its first score.

    Below are median and quartiles over the sessions of each animal, over all sessions and over
    animals.
    """
    from raylab.reporting.tables.grid import Grid

    columns = [(label, next(iter(scores))) for label, scores in result.scores.items()]
    rows = [
        [name, *(number(scores.get(label, {}).get(metric)) for label, metric in columns)]
        for name, scores in result.sessions.items()
    ]
    sessions = len(rows)
    summaries = {f"animal {name}": summary for name, summary in result.animals.items()}
    summaries |= {f"all {name}": summary for name, summary in result.summary.items() if summary}
    for name, summary in summaries.items():
        rows.append(
            [name, *(_spread_text(summary.get(label, {}).get(metric)) for label, metric in columns)]
        )
    heads = ["session", *(f"{label}\n{metric}" for label, metric in columns)]
    title = "by session; median (quartiles), n"
    print_table(Grid(heads, rows, title, folds=["session"], rules=[sessions]))


def _spread_text(spread: Spread | None) -> str:
    if spread is None:
        return ""
    lower, upper = spread.quartiles
    return f"{spread.median:.3f} ({lower:.3f} ... {upper:.3f}), {spread.n}"
