"""The candidates of a selection over seeds (`raylab select`)."""

from __future__ import annotations

from typing import cast

from raylab.reporting.canvas import Axes, Figure, Line2D, plain
from raylab.reporting.score_files.common import ScoreJson
from raylab.reporting.score_files.selection import SelectionCandidate, SelectionScore
from raylab.reporting.style import BLUE, ORANGE, literal, plain_axes

_MARKS = "#4b5563"
_DPI = 150


@plain
def selection_figure(result: ScoreJson) -> Figure:
    """A row per candidate, the best of the search on top: a dot per seed, the mean over seeds with
    its 95 % interval, and, hollow, the score that the candidate had in the search.
    """
    selection = cast(SelectionScore, result)
    candidates = selection["candidates"]
    size = (6.8, 1.5 + 0.5 * len(candidates))
    figure = Figure(figsize=size, dpi=_DPI, layout="constrained")
    axis = figure.subplots()
    for row, candidate in enumerate(candidates):
        chosen = candidate["trial"] == selection["of"]
        _row(axis, candidate, row, colour=ORANGE if chosen else BLUE)
    names = [f"trial {candidate['trial']}" for candidate in candidates]
    axis.set_yticks(range(len(names)), names, fontsize=9)
    axis.set_ylim(len(names) - 0.5, -0.5)
    direction = "higher" if selection["mode"] == "max" else "lower"
    axis.set_xlabel(literal(f"{selection['metric']} ({direction} is better)"))
    title = f"chosen: trial {selection['of']} ({selection['rule']}); champion {selection['trial']}"
    axis.set_title(title, fontsize=10)
    _legend(figure)
    plain_axes(axis)
    return figure


def _row(axis: Axes, candidate: SelectionCandidate, row: int, *, colour: str) -> None:
    scores = [score for score in candidate["scores"] if score is not None]
    axis.plot(scores, [row] * len(scores), "o", color=colour, markersize=4, alpha=0.6, linewidth=0)
    axis.plot(
        [candidate["search"]],
        [row],
        "D",
        markersize=6,
        markerfacecolor="none",
        markeredgecolor=colour,
    )
    if candidate["interval"]:
        axis.plot(candidate["interval"], [row, row], color=colour, linewidth=1.5)
    if candidate["mean"] is not None:
        axis.plot([candidate["mean"]], [row], "|", color=colour, markersize=14, markeredgewidth=2)


def _legend(figure: Figure) -> None:
    marks = [
        Line2D([], [], marker="o", markersize=4, alpha=0.6, label="one seed"),
        Line2D([], [], marker="|", markersize=11, label="mean, 95 % interval"),
        Line2D([], [], marker="D", markersize=6, markerfacecolor="none", label="in the search"),
    ]
    for mark in marks:
        mark.set(color=_MARKS, linestyle="none")
    figure.legend(handles=marks, loc="outside lower center", ncols=3, fontsize=8, frameon=False)
