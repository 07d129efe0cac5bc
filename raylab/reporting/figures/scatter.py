"""Points coloured by a label, as several figures draw them."""

from __future__ import annotations

from typing import Any, TypedDict

import numpy as np

from raylab.reporting.canvas import Figure
from raylab.reporting.saved.embedding import Colouring
from raylab.reporting.style import CATEGORIES, CYCLIC, GREY, literal

Panel = Any  # Axes, or Axes3D, of which matplotlib has no types


class _Style(TypedDict, total=False):
    linewidths: float
    depthshade: bool


def add_panel(figure: Figure, lines: int, columns: int, index: int, *, dimensions: int) -> Panel:
    """Axes at a place of the figure's grid, counted from 1; of three dimensions where the points
    have three.
    """
    projection = "3d" if dimensions == 3 else None
    return figure.add_subplot(lines, columns, index, projection=projection)


def name_axes(panel: Panel, names: tuple[str, ...], *, size: int) -> None:
    panel.set_xlabel(names[0], fontsize=size)
    panel.set_ylabel(names[1], fontsize=size)
    if len(names) == 3:
        panel.set_zlabel(names[2], fontsize=size)


def scatter(figure: Figure, panel: Panel, points: np.ndarray, colouring: Colouring) -> None:
    """Draw points coloured by their labels; unlabelled points are grey.

    Args:
        points: (M, 2 or 3) coordinates; the panel has as many dimensions.
    """
    style: _Style = {"linewidths": 0}
    if points.shape[1] == 3:
        style["depthshade"] = False  # shading by depth would look like other values
    labelled = colouring.labelled
    if not labelled.all():
        panel.scatter(*points[~labelled].T, s=4, color=GREY, label="unlabelled", **style)
    points, values = points[labelled], colouring.values[labelled]
    if colouring.kind == "discrete":
        _classes(panel, points, values, colouring, style)
        return
    circular = colouring.kind == "circular"
    dots = panel.scatter(
        *points.T,
        c=values,
        s=6,
        cmap=CYCLIC if circular else "viridis",
        vmin=-np.pi if circular else None,
        vmax=np.pi if circular else None,
        **style,
    )
    bar = figure.colorbar(dots, ax=panel, shrink=0.75, pad=0.1 if points.shape[1] == 3 else 0.02)
    bar.set_label(literal(colouring.title), fontsize=10)


def _classes(
    panel: Panel, points: np.ndarray, codes: np.ndarray, colouring: Colouring, style: _Style
) -> None:
    """A colour and a legend entry per class; with many classes a spectrum without a legend."""
    present = np.unique(codes)
    if len(present) > len(CATEGORIES):
        panel.scatter(*points.T, c=codes, s=6, cmap="turbo", **style)
        return
    for code, colour in zip(present, CATEGORIES):
        name = literal(colouring.class_name(code))
        panel.scatter(*points[codes == code].T, s=6, color=colour, label=name, **style)
    panel.legend(fontsize=8, markerscale=2.5, frameon=False, loc="upper right")
