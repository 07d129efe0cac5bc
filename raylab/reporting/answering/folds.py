"""Validation against test, fold by fold: where the two part, the recording drifts."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Literal

import plotly.graph_objects as go

from raylab.reporting.charts.style import styled
from raylab.reporting.score_files.answer import AnswerFile, FoldScore
from raylab.reporting.style import BLUE, ORANGE, SOFT_INK
from raylab.reporting.tables.answer import metric_of
from raylab.reporting.tables.cells import number

_CHOICES: tuple[tuple[Literal["recommended", "baseline"], str, str, float], ...] = (
    ("recommended", "recommended", BLUE, -0.12),
    ("baseline", "best baseline", ORANGE, 0.12),
)
_PARTS: tuple[tuple[Literal["valid", "test"], str, str], ...] = (
    ("valid", "validation", "circle-open"),
    ("test", "test", "circle"),
)
LOWEST = -1.0  # an R2 below it is drawn as this, or nothing else could be seen


def folds_chart(answer: AnswerFile) -> go.Figure | None:
    """For each fold the validation score (open) and the test score (filled) of what the fold
    recommends and of its best baseline, joined by a line; chance is grey. None of no fold.
    """
    rows = answer["by_fold"]
    if not rows:
        return None
    figure = go.Figure()
    for choice, name, colour, shift in _CHOICES:
        points = [(row["fold"] + shift, row[choice]) for row in rows]
        present = [(place, score) for place, score in points if score is not None]
        _add_lines(figure, present, colour)
        _add_points(figure, present, name, colour)
    figure.add_scatter(
        x=[row["fold"] for row in rows],
        y=[row["chance"]["valid"] for row in rows],
        mode="markers",
        name="chance",
        marker={"symbol": "line-ew", "size": 34, "line": {"color": SOFT_INK, "width": 2}},
        hovertemplate="chance: %{y:.3f}<extra></extra>",
    )
    ticks = [row["fold"] for row in rows]
    figure.update_xaxes(tickvals=ticks, range=[ticks[0] - 0.6, ticks[-1] + 0.6])
    return styled(figure, x="fold", y=metric_of(answer), height=380)


def _add_lines(figure: go.Figure, points: Sequence[tuple[float, FoldScore]], colour: str) -> None:
    """From the validation score of each fold to its test score."""
    for place, score in points:
        figure.add_scatter(
            x=[place, place],
            y=[_drawn(score["valid"]), _drawn(score["test"])],
            mode="lines",
            line={"color": colour, "width": 2},
            showlegend=False,
            hoverinfo="skip",
        )


def _add_points(
    figure: go.Figure, points: Sequence[tuple[float, FoldScore]], name: str, colour: str
) -> None:
    for part, words, symbol in _PARTS:
        scores = [score[part] for _, score in points]
        figure.add_scatter(
            x=[place for place, _ in points],
            y=[_drawn(score) for score in scores],
            mode="markers",
            name=f"{name}, {words}",
            marker={
                "color": colour,
                "size": 11,
                "symbol": symbol,
                "line": {"width": 2, "color": colour},
            },
            text=[f"{html.escape(score['name'])}: {number(score[part])}" for _, score in points],
            hovertemplate="%{text}<extra></extra>",
        )


def _drawn(score: float | None) -> float | None:
    return None if score is None else max(score, LOWEST)
