"""The look that all charts share, and a chart as markup."""

from __future__ import annotations

import html

import plotly.graph_objects as go
from markupsafe import Markup

_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"


def styled(figure: go.Figure, *, x: str | None, y: str | None, height: int) -> go.Figure:
    """The same figure with fonts, margins and titles of the axes.

    Args:
        x: The title of the x-axis as plain text; None leaves the axis as it is.
        y: The same of the y-axis.
        height: In pixels.
    """
    figure.update_layout(
        template="plotly_white",
        height=height,
        font={"family": _FONT, "size": 13, "color": "#1f2937"},
        margin={"l": 60, "r": 20, "t": 30, "b": 50},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    )
    if x is not None:
        figure.update_xaxes(title_text=html.escape(x))
    if y is not None:
        figure.update_yaxes(title_text=html.escape(y), automargin=True)
    return figure


def chart_markup(figure: go.Figure) -> Markup:
    """The chart as an element of a page that has plotly's script. plotly writes its data as JSON in
    which no tag can begin.
    """
    element: str = figure.to_html(
        full_html=False,
        include_plotlyjs=False,
        include_mathjax=False,
        config={"displaylogo": False, "responsive": True, "modeBarButtons": [["toImage"]]},
    )
    return Markup(element)
