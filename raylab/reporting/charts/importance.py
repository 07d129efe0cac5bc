"""How much of the score's variance each parameter explains."""

from __future__ import annotations

import html
from collections.abc import Mapping

import plotly.graph_objects as go

from raylab.reporting.charts.style import styled
from raylab.reporting.style import BLUE


def importance_bars(importance: Mapping[str, float]) -> go.Figure:
    """A bar per parameter, the most important on top.

    Args:
        importance: Share of the score's variance by parameter.
    """
    ranked = sorted(importance.items(), key=lambda item: item[1])
    figure = go.Figure(
        go.Bar(
            x=[value for _, value in ranked],
            y=[html.escape(name) for name, _ in ranked],
            orientation="h",
            marker_color=BLUE,
            hovertemplate="%{y}: %{x:.1%}<extra></extra>",
        )
    )
    figure.update_xaxes(tickformat=".0%", rangemode="tozero")
    return styled(figure, x="share of the score's variance", y="", height=90 + 30 * len(ranked))
