"""True and predicted labels over time."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from raylab.data.examples import SAMPLE
from raylab.reporting.charts.style import styled
from raylab.reporting.charts.timeline import Axis, time_axis
from raylab.reporting.saved.predictions import Predictions
from raylab.reporting.style import BLUE, INK, LINE, ORANGE, SOFT_INK

POINTS = 3000  # of a curve; more would be closer to each other than a pixel
COLUMNS = 4  # of a label that are drawn
NAMED = 20  # class names that an axis holds
_JOINED = 5  # examples that a continuous part has, in the median, where a line joins them
_COLOURS = (BLUE, ORANGE)
_ANGLES = {"range": [-3.3, 3.3], "tickvals": [-np.pi, 0, np.pi], "ticktext": ["-π", "0", "π"]}


@dataclass(frozen=True)
class Named:
    """Predictions with the name by which the legend calls them."""

    name: str
    predictions: Predictions


def course_chart(several: Sequence[Named], session: str) -> go.Figure:
    """The true label of one session over time, and what each of several models predicted. Lines
    are broken where the recording has gaps and where an angle wraps.

    Args:
        several: At most two, of the same examples.
    """
    first = several[0].predictions
    at = _thinned(first.of_session(first.sessions.index(session)))
    axis = time_axis(first.seconds, first.part, at)
    columns = min(first.columns, COLUMNS)
    figure = make_subplots(columns, 1, shared_xaxes=True, vertical_spacing=0.04)
    lines = first.kind != "discrete" and first.per == SAMPLE and axis.longest >= _JOINED
    for column in range(columns):
        wraps = first.kind == "circular"
        for each, colour in zip(several, _COLOURS):
            own = _same(each.predictions, session, at, first)
            if own is not None:
                values = column_of(each.predictions, each.predictions.predicted, column)[own]
                _add(figure, axis, values, each.name, colour, column, line=lines, wraps=wraps)
        # On top: the truth is smoother, and hides less.
        truth = column_of(first, first.truth, column)[at]
        _add(figure, axis, truth, "true", INK, column, line=lines, wraps=wraps)
        _name_values(figure, first, column)
    styled(figure, x=None, y=None, height=110 + _height(first) * columns)
    figure.update_layout(title={"text": html.escape(session), "font": {"size": 15}})
    figure.update_layout(margin={"t": 64})
    figure.update_xaxes(range=[axis.left, axis.right], showgrid=False)
    figure.update_xaxes(
        row=columns,
        col=1,
        title_text=html.escape(axis.title),
        tickvals=axis.ticks,
        ticktext=axis.texts,
    )
    for place in axis.breaks:
        figure.add_vline(x=place, line={"color": SOFT_INK, "width": 1, "dash": "dot"})
    return figure


def _height(shown: Predictions) -> int:
    """Pixels of a column; classes need a line each."""
    if shown.kind == "discrete":
        return min(420, max(190, 20 * len(shown.classes)))
    return 190 if shown.columns < 3 else 140


def _thinned(at: np.ndarray) -> np.ndarray:
    """At most `POINTS` of some positions, evenly spaced."""
    if len(at) <= POINTS:
        return at
    return at[np.linspace(0, len(at) - 1, POINTS).round().astype(np.int64)]


def _same(
    other: Predictions, session: str, at: np.ndarray, first: Predictions
) -> np.ndarray | None:
    """Positions of the same examples in other predictions; None where these are of others."""
    if other is first:
        return at
    if session not in other.sessions:
        return None
    mine = first.of_session(first.sessions.index(session))
    theirs = other.of_session(other.sessions.index(session))
    if len(mine) != len(theirs):
        return None
    return theirs[np.searchsorted(mine, at)]


def column_of(shown: Predictions, values: np.ndarray, column: int) -> np.ndarray:
    """(n,) of one column; angles in [-pi, pi)."""
    if values.ndim == 1:
        return values
    own = np.asarray(values[:, column], np.float64)
    return (own + np.pi) % (2 * np.pi) - np.pi if shown.kind == "circular" else own


def _add(
    figure: go.Figure,
    axis: Axis,
    values: np.ndarray,
    name: str,
    colour: str,
    column: int,
    *,
    line: bool,
    wraps: bool,
) -> None:
    """A curve of one column, or its points."""
    x, y = axis.places, np.asarray(values, np.float64)
    if line:
        x, y = broken_line(x, y, axis.ends, wraps=wraps)
    symbol = "line-ew-open" if name == "true" else "circle"
    figure.add_trace(
        go.Scatter(
            x=np.round(x, 4),
            y=np.round(y, 5),
            mode="lines" if line else "markers",
            name=html.escape(name),
            line={"color": colour, "width": 1.6 if name == "true" else 1.2},
            marker={"color": colour, "size": 9 if name == "true" else 5, "symbol": symbol},
            connectgaps=False,
            legendgroup=name,
            showlegend=column == 0,
            hovertemplate="%{y:.4g}<extra>" + html.escape(name) + "</extra>",
        ),
        column + 1,
        1,
    )


def broken_line(
    x: np.ndarray, y: np.ndarray, ends: np.ndarray, *, wraps: bool
) -> tuple[np.ndarray, np.ndarray]:
    """A line with a missing point after each end of a continuous part and, where it `wraps`,
    between two angles that are more than half a circle apart.

    Args:
        x, y: (n,) points.
        ends: Positions of the last points of continuous parts.
    """
    after = {int(end) + 1 for end in ends if end + 1 < len(x)}
    if wraps:
        after |= set((np.flatnonzero(np.abs(np.diff(y)) > np.pi) + 1).tolist())
    places = sorted(after)
    return np.insert(x, places, np.nan), np.insert(y, places, np.nan)


def _name_values(figure: go.Figure, shown: Predictions, column: int) -> None:
    """The title of a vertical axis, and its ticks where they are classes or angles."""
    title = html.escape(shown.name_of(column))
    figure.update_yaxes(title_text=title, row=column + 1, col=1, gridcolor=LINE, automargin=True)
    if shown.kind == "circular":
        figure.update_yaxes(**_ANGLES, row=column + 1, col=1)
    if shown.kind == "discrete":
        step = -(-len(shown.classes) // NAMED)
        codes = list(range(0, len(shown.classes), max(step, 1)))
        names = [html.escape(shown.classes[code]) for code in codes]
        figure.update_yaxes(tickvals=codes, ticktext=names, row=column + 1, col=1)
