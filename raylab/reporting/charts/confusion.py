"""Confusion matrices: counts, and shares of each true class."""

from __future__ import annotations

import html
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from raylab.evaluation.confusion import Confusion
from raylab.reporting.charts.style import styled
from raylab.reporting.style import GREY

WRITTEN = 12  # classes up to which cells have numbers
BESIDE = 40  # classes up to which the two matrices lie side by side
NAMES = 40  # class names that an axis holds; of more classes every second, third ... has its name
_CELL, _MOST, _LARGE = 34, 430, 660  # pixels of a cell, of a matrix, and of one of many classes
LONGEST = 18  # characters of a name on an axis; the text of a cell has the whole name


def confusion_chart(matrix: Confusion, *, title: str = "") -> go.Figure:
    """The counts, and the shares of each true class (row) beside them; of many classes below them.
    Every cell says in words what it is, so that many classes are legible too.
    """
    count = len(matrix.classes)
    beside = count <= BESIDE
    figure = make_subplots(
        *((1, 2) if beside else (2, 1)),
        horizontal_spacing=0.16,
        vertical_spacing=0.14,
        subplot_titles=("counts", "share of the true class"),
    )
    for place, values in enumerate((matrix.counts.astype(float), matrix.fractions), start=1):
        cell = (1, place) if beside else (place, 1)
        figure.add_trace(_heat(matrix, values, shares=place == 2), *cell)
    named = _names(matrix, NAMES // 2 if beside else NAMES)
    figure.update_xaxes(**named, title_text="predicted", tickangle=-45)
    named = _names(matrix, NAMES)
    figure.update_yaxes(**named, title_text="true", autorange="reversed", automargin=True)
    height = 190 + min(_MOST, max(170, _CELL * count)) if beside else 260 + 2 * _LARGE
    styled(figure, x=None, y=None, height=height)
    text = {"text": html.escape(title), "font": {"size": 15}}
    figure.update_layout(title=text, margin={"t": 90, "b": 90}, plot_bgcolor=GREY)
    return figure


def _names(matrix: Confusion, most: int) -> dict[str, Any]:
    """Ticks of an axis of classes, of which at most so many have their names."""
    count = len(matrix.classes)
    codes = list(range(0, count, -(-count // most) or 1))
    names = [html.escape(_short(matrix.classes[code])) for code in codes]
    return {"tickvals": codes, "ticktext": names, "showgrid": False}


def _heat(matrix: Confusion, values: np.ndarray, *, shares: bool) -> go.Heatmap:
    written = len(matrix.classes) <= WRITTEN
    form = ".2f" if shares else ".0f"
    style: dict[str, Any] = {"zmin": 0, "zmax": 1} if shares else {}
    if written:
        style["texttemplate"] = "%{z:" + form + "}"
    return go.Heatmap(
        z=[
            [None if np.isnan(value) else round(float(value), 4) for value in row] for row in values
        ],
        customdata=_words(matrix),
        colorscale="Blues",
        showscale=False,
        hoverongaps=False,
        hovertemplate="%{customdata}<extra></extra>",
        xgap=1 if written else 0,
        ygap=1 if written else 0,
        **style,
    )


def _words(matrix: Confusion) -> list[list[str]]:
    """`true cat, predicted dog: 3 of 20 (15 %)` of every cell."""
    totals = matrix.counts.sum(axis=1)
    names = [html.escape(name) for name in matrix.classes]
    return [
        [
            f"true {names[row]}, predicted {names[column]}: {count} of {totals[row]}"
            + (f" ({count / totals[row]:.0%})" if totals[row] else "")
            for column, count in enumerate(counts.tolist())
        ]
        for row, counts in enumerate(matrix.counts)
    ]


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
