"""The progress of a study as a few lines for a terminal of any size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from raylab.reporting.progress.wording import (
    baseline_text,
    best_text,
    done_text,
    duration,
    left_text,
    sparkline,
    steps_text,
)
from raylab.reporting.tables.cells import keys, short_names, text

if TYPE_CHECKING:
    from raylab.reporting.progress.results import Progress, RunningTrial

COLOURS = {"running": "cyan", "ended": "green", "stopped": "magenta", "waiting": "yellow"}
CURVE = {80: 12, 110: 24}  # width of the terminal -> characters of a curve
WIDEST = 16  # characters of a parameter's column


def panel(progress: Progress, *, width: int, height: int, curves: bool = True) -> RenderableType:
    """The progress in at most `height` lines of `width` characters.

    What matters least is left out first: what the time left was estimated from, then trials.

    Args:
        curves: Whether the terminal has the characters of curves.
    """
    lines: list[RenderableType] = [_head(progress), _bar(progress, width)]
    standing = ", ".join(part for part in (best_text(progress), baseline_text(progress)) if part)
    if standing:
        lines.append(_line(standing, "bold"))
    notes = [_line(note, "dim") for note in _notes(progress)]
    room = height - len(lines)
    length = _curve(width) if curves else 0
    trials = _trials(progress.running, width, room - 1, length) if room > 2 else []
    room -= sum(entry.row_count + 1 if isinstance(entry, Table) else 1 for entry in trials)
    return Group(*lines[: max(height, 1)], *trials, *notes[: max(room, 0)])


def _head(progress: Progress) -> Table:
    """Name and phase on the left, times on the right."""
    grid = Table.grid(expand=True)
    grid.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    grid.add_column(justify="right", no_wrap=True)
    name = Text.assemble(
        (progress.study, "bold"),
        "  ",
        progress.phase,
        "" if progress.state == "running" else f", {progress.state}",
        style=COLOURS[progress.state],
    )
    times = [f"{duration(progress.elapsed_s)} so far", left_text(progress)]
    grid.add_row(name, Text(", ".join(part for part in times if part)))
    return grid


def _bar(progress: Progress, width: int) -> RenderableType:
    """How much is done, as a bar and in words."""
    done = done_text(progress)
    if progress.budget_s:
        done = f"{done}, {duration(progress.budget_s)} in all"
    if progress.share is None or width < len(done) + 14:
        return _line(done)
    grid = Table.grid(padding=(0, 1))
    bar = ProgressBar(total=1.0, completed=progress.share, width=min(width // 3, 40))
    grid.add_row(bar, Text(done, no_wrap=True, overflow="ellipsis"))
    return grid


def _notes(progress: Progress) -> list[str]:
    left = progress.left_from if progress.left_s is not None else None
    several = f"{progress.front} trials on the Pareto front" if progress.front else None
    return [note for note in (several, f"time left: from {left}" if left else None) if note]


def _trials(
    running: Sequence[RunningTrial], width: int, room: int, curve: int
) -> list[RenderableType]:
    """A row per running trial under a row of heads; the last row counts those that do not fit."""
    if not running or room < 1:
        return []
    fitting = running if len(running) <= room else running[: max(room - 1, 0)]
    hidden = len(running) - len(fitting)
    rows: list[RenderableType] = [_table(fitting, width, curve)] if fitting else []
    return [*rows, *([_line(f"and {hidden} more running", "dim")] if hidden else [])]


def _table(running: Sequence[RunningTrial], width: int, curve: int) -> Table:
    metrics = keys(trial.scores for trial in running)
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    widths = {"trial": max(5, *(len(trial.trial) for trial in running))}
    widths["step"] = max(4, *(len(_step(trial)) for trial in running))
    shown = metrics[:1] if width < 60 else metrics
    widths |= {metric: max(7, len(metric)) for metric in shown}
    widths |= {"curve": curve} if curve and metrics else {}
    widths["left"] = 8
    for head, size in widths.items():
        right = head in (*metrics, "step", "left")
        grid.add_column(head, justify="right" if right else "left", min_width=size, no_wrap=True)
    params = _fitting(running, width - sum(widths.values()) - 2 * len(widths))
    for short in params.values():
        grid.add_column(short, no_wrap=True, overflow="ellipsis", max_width=WIDEST)
    for trial in running:
        grid.add_row(*_cells(trial, shown, list(params), curve if metrics else 0))
    return grid


def _cells(
    trial: RunningTrial, metrics: Sequence[str], params: Sequence[str], curve: int
) -> list[Text | str]:
    scores = (trial.scores.get(metric) for metric in metrics)
    return [
        Text(trial.trial, style="cyan"),
        _step(trial),
        *("–" if score is None else f"{score:.4f}" for score in scores),
        *([sparkline(trial.curve, curve)] if curve else []),
        "" if trial.left_s is None else duration(trial.left_s),
        *(Text(text(trial.params.get(path))) for path in params),
    ]


def _curve(width: int) -> int:
    """The characters of a curve."""
    return max((size for least, size in CURVE.items() if width >= least), default=0)


def _step(trial: RunningTrial) -> str:
    return steps_text(trial.step, trial.max_steps)


def _fitting(running: Sequence[RunningTrial], width: int) -> dict[str, str]:
    """Parameters (path -> short name) whose columns fit into the width."""
    paths = keys(trial.params for trial in running)
    fitting: dict[str, str] = {}
    for path, short in short_names(paths).items():
        cells = (text(trial.params.get(path)) for trial in running)
        width -= 2 + min(WIDEST, max(len(short), *map(len, cells)))
        if width < 0:
            break
        fitting[path] = short
    return fitting


def _line(words: str, style: str = "") -> Text:
    return Text(words, style=style, no_wrap=True, overflow="ellipsis")
