"""The leaderboard of a study for a terminal, with the matched baselines below the trials."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from rich.box import Box
from rich.table import Table
from rich.text import Text

from raylab.reporting.baselines import Baselines, baseline_scores
from raylab.reporting.progress.wording import steps_text
from raylab.reporting.tables.cells import keys, short_names, text, yes_or_no
from raylab.reporting.tables.grid import broken, text_width
from raylab.reporting.tables.leaderboard import (
    LeaderboardRow,
    SeedScores,
    place_heads,
    seeds_head,
)
from raylab.reporting.tables.leaderboard_notes import footnotes

_GAP = 2  # characters between columns
_WIDEST = 18  # characters of a parameter's value
_RULES = Box("    \n    \n ── \n    \n ── \n ── \n    \n    \n")
_COLOURS = {
    "completed": "green",
    "pruned": "yellow",
    "running": "cyan",
    "interrupted": "magenta",
    "failed": "red",
}


def leaderboard_table(
    rows: Sequence[LeaderboardRow],
    *,
    baselines: Baselines | None,
    metrics: Sequence[str],
    label: str | None = None,
    errors: Mapping[str, str | None] | None = None,
    width: int = 100,
) -> Table:
    """The rows for a terminal of `width` characters, the matched baselines below a rule. Print it
    with `crop=False`: what every trial has keeps its width in a narrower terminal.

    Args:
        baselines: The content of `baselines.json`, or None.
        metrics: Names of the objectives, in the order that `leaderboard_rows` got them.
        label: The label that the objective decodes.
        errors: Why a trial failed, by trial.
    """
    several = len(metrics) > 1
    matched = {metric: baseline_scores(baselines, metric=metric, label=label) for metric in metrics}
    kinds = keys(matched.values())
    seeds = {row.trial: seeds_text(row.seeds) for row in rows}
    widths = {"trial": max([5, *(len(_name(row)) for row in rows)])}
    places = place_heads(rows)
    cells = zip(places, zip(*(row.place(places) for row in rows)))
    widths |= {head: max(map(len, (head, *texts))) for head, texts in cells}
    widths |= {"state": 18 if kinds else 11, **({"front": 5} if several else {})}
    widths |= {metric: max(7, len(metric)) for metric in metrics}
    over_seeds = seeds_head(metrics)
    if any(seeds.values()):
        longest = max(map(len, seeds.values()))
        widths |= {over_seeds: max(text_width(broken(over_seeds)), longest)}
    widths |= {"step": max([6, *(len(_step(row)) for row in rows)])}
    needed = _needed(widths)
    if needed > width:  # headings on several lines
        widths |= {metric: max(7, text_width(broken(metric))) for metric in metrics}
        needed = _needed(widths)
    params = _fitting(rows, width=width - needed, taken=widths)
    grid = _grid(widths, params, metrics)
    if needed > width:
        grid.width = needed
    for row in rows:
        over = seeds[row.trial] if over_seeds in widths else None
        grid.add_row(*_cells(row, places, metrics, list(params), seeds=over))
    grid.add_section()
    for kind in kinds:
        scores = [
            f"{matched[metric][kind]:.4f}" if kind in matched[metric] else "" for metric in metrics
        ]
        name = Text(f"baseline: {kind}", style="dim")
        grid.add_row("–", *[""] * len(places), name, *([""] if several else []), *scores)
    grid.caption = footnotes(rows, params, errors=errors or {}, width=width)
    grid.caption_justify = "left"
    return grid


def seeds_text(seeds: SeedScores | None) -> str:
    """`0.712 (0.690 ... 0.734), 5, 1 failed`: mean, 95 % interval, repetitions that completed;
    empty where none ended.
    """
    if seeds is None:
        return ""
    failed = f"{seeds.failed} failed" if seeds.failed else ""
    if seeds.mean is None:
        return failed
    low, high = seeds.interval or (None, None)
    interval = "" if low is None else f" ({low:.3f} ... {high:.3f})"
    return f"{seeds.mean:.3f}{interval}, {seeds.count}" + (f", {failed}" if failed else "")


def _grid(widths: Mapping[str, int], params: Mapping[str, str], metrics: Sequence[str]) -> Table:
    """A table with its columns: fixed ones, and those of parameters by their short names."""
    grid = Table(
        box=_RULES, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold"
    )
    for head, least in widths.items():
        justify: Literal["left", "right"] = "right" if head in (*metrics, "step") else "left"
        text_of_head = Text(head if len(head) <= least else broken(head))
        grid.add_column(text_of_head, justify=justify, min_width=least, no_wrap=True)
    for short in params.values():
        head = broken(short, _WIDEST)
        grid.add_column(
            Text(head),
            justify="right",
            no_wrap=True,
            overflow="ellipsis",
            min_width=text_width(head),
            max_width=max(_WIDEST, text_width(head)),
        )
    return grid


def _needed(widths: Mapping[str, int]) -> int:
    """Characters of columns with the gaps between them."""
    return sum(widths.values()) + _GAP * len(widths)


def _fitting(
    rows: Sequence[LeaderboardRow], *, width: int, taken: Collection[str]
) -> dict[str, str]:
    """Parameters (path -> short name) whose columns fit, those that differ between trials first."""
    paths = keys(row.params for row in rows)
    short = short_names(paths, taken=taken)
    values = {path: {text(row.params.get(path)) for row in rows} for path in paths}
    fitting: list[str] = []
    for path in sorted(paths, key=lambda path: len(values[path]) == 1):
        longest = min(_WIDEST, max(map(len, values[path])))
        width -= _GAP + max(longest, text_width(broken(short[path], _WIDEST)))
        if width >= 0:
            fitting.append(path)
    return {path: short[path] for path in paths if path in fitting}


def _name(row: LeaderboardRow) -> str:
    """The trial; `*` marks one that validation cannot tell from the best."""
    return f"{row.trial} *" if row.tied else row.trial


def _step(row: LeaderboardRow) -> str:
    """The last step; of a running trial with the step that it may reach."""
    return steps_text(row.steps, row.max_steps)


def _cells(
    row: LeaderboardRow,
    places: Sequence[str],
    metrics: Sequence[str],
    paths: Sequence[str],
    *,
    seeds: str | None,
) -> list[Text | str]:
    scores = row.score_of(metrics)
    return [
        _name(row),
        *row.place(places),
        Text(row.state, style=_COLOURS.get(row.state, "")),
        *([] if row.front is None else [yes_or_no(row.front)]),
        *(
            "–"
            if score is None
            else Text(f"{score:.4f}", style=_COLOURS["running"] if row.so_far else "")
            for score in scores
        ),
        *([] if seeds is None else [seeds]),
        _step(row),
        *(Text(text(row.params.get(path))) for path in paths),
    ]
