"""Predicted against true labels."""

from __future__ import annotations

import html

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from raylab.reporting.charts.predicted import COLUMNS, POINTS, Named, column_of
from raylab.reporting.charts.style import styled
from raylab.reporting.saved.predictions import Predictions
from raylab.reporting.style import CATEGORIES, INK


def scatter_chart(named: Named) -> go.Figure:
    """Predicted against true values, a panel per column and a colour per session; on the line, a
    prediction is exact.
    """
    shown = named.predictions
    columns = min(shown.columns, COLUMNS)
    figure = make_subplots(1, columns, horizontal_spacing=0.08)
    single = len(shown.sessions) > len(CATEGORIES)
    places = [-1] if single else range(len(shown.sessions))
    for column in range(columns):
        truth, predicted = (
            column_of(shown, values, column) for values in (shown.truth, shown.predicted)
        )
        for place in places:
            at = np.arange(len(truth)) if place < 0 else shown.of_session(place)
            at = at[np.linspace(0, len(at) - 1, min(len(at), POINTS)).astype(int)]
            trace = go.Scattergl(
                x=truth[at].round(5),
                y=predicted[at].round(5),
                mode="markers",
                name="all sessions" if place < 0 else html.escape(shown.sessions[place]),
                marker={"size": 4, "opacity": 0.5, "color": CATEGORIES[max(place, 0)]},
                legendgroup=str(place),
                showlegend=column == 0 and len(shown.sessions) > 1,
                hovertemplate="true %{x:.4g}, predicted %{y:.4g}<extra></extra>",
            )
            figure.add_trace(trace, 1, column + 1)
        low, high = _range(shown, truth)
        line = {"color": INK, "width": 1.5, "dash": "dot"}
        diagonal = go.Scattergl(
            x=[low, high],
            y=[low, high],
            mode="lines",
            line=line,
            showlegend=False,
            hoverinfo="skip",
        )
        figure.add_trace(diagonal, 1, column + 1)
        name = html.escape(shown.name_of(column))
        figure.update_xaxes(title_text=f"true {name}", row=1, col=column + 1)
        figure.update_yaxes(title_text=f"predicted {name}", row=1, col=column + 1)
    styled(figure, x=None, y=None, height=420)
    title = {"text": html.escape(named.name), "font": {"size": 15}}
    figure.update_layout(title=title, margin={"t": 64})
    return figure


def _range(shown: Predictions, truth: np.ndarray) -> tuple[float, float]:
    if shown.kind == "circular":
        return -float(np.pi), float(np.pi)
    return float(np.nanmin(truth, initial=np.inf)), float(np.nanmax(truth, initial=-np.inf))
