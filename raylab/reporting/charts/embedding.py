"""The embedded samples of a trial in two or three dimensions."""

from __future__ import annotations

import html
import math

import numpy as np
import plotly.graph_objects as go

from raylab.reporting.charts.style import styled
from raylab.reporting.saved.embedding import Colouring, Embedding
from raylab.reporting.style import CATEGORIES, GREY


def embedding_chart(embedding: Embedding, colouring: Colouring) -> go.Figure:
    """The embedded samples coloured by one label, in three dimensions where the embedding has at
    least three. Unlabelled samples are grey.
    """
    points, axes = embedding.coordinates()
    figure = go.Figure()
    labelled = colouring.labelled
    if not labelled.all():
        _add_points(figure, points[~labelled], name="unlabelled", size=2, marker={"color": GREY})
    _add_labelled(figure, points[labelled], colouring.values[labelled], colouring)
    styled(figure, x=axes[0], y=axes[1], height=460)
    names = {f"{axis}axis": {"title": {"text": name}} for axis, name in zip("xyz", axes)}
    figure.update_layout(
        title={"text": html.escape(colouring.name), "font": {"size": 15}},
        legend={"orientation": "h", "y": -0.02, "itemsizing": "constant"},
        margin={"l": 10, "r": 10, "t": 44, "b": 10},
        scene={**names, "aspectmode": "data", "camera": {"eye": {"x": 1.5, "y": 1.5, "z": 1.1}}},
    )
    if points.shape[1] == 2:
        figure.update_yaxes(scaleanchor="x").update_layout(margin={"l": 50, "b": 50})
    return figure


def _add_labelled(
    figure: go.Figure, points: np.ndarray, values: np.ndarray, colouring: Colouring
) -> None:
    """A trace and a colour per class; of numbers, or of many classes, one trace with a scale."""
    if colouring.kind == "discrete" and len(np.unique(values)) <= len(CATEGORIES):
        for code, colour in zip(np.unique(values), CATEGORIES):
            name = html.escape(colouring.class_name(code))
            _add_points(figure, points[values == code], name=name, size=3, marker={"color": colour})
        return
    bar = {
        "title": {"text": html.escape(colouring.unit or colouring.name)},
        "thickness": 12,
        "len": 0.8,
    }
    marker: dict[str, object] = {"color": values, "colorscale": "Viridis", "colorbar": bar}
    if colouring.kind == "circular":
        marker |= {"colorscale": "Phase", "cmin": -math.pi, "cmax": math.pi}
    name = html.escape(colouring.name)
    _add_points(figure, points, name=name, size=3, marker=marker, legend=False)


def _add_points(
    figure: go.Figure,
    points: np.ndarray,
    *,
    name: str,
    size: float,
    marker: dict[str, object],
    legend: bool = True,
) -> None:
    coordinates = dict(zip("xyz", (axis.round(4) for axis in points.T)))
    solid = points.shape[1] == 3
    trace = (go.Scatter3d if solid else go.Scatter)(
        **coordinates,
        mode="markers",
        name=name,
        marker={**marker, "size": size if solid else size + 1.5},
        showlegend=legend,
        hoverinfo="name",
    )
    figure.add_trace(trace)
