"""True and predicted labels of a decoder as a picture: over time, and against each other."""

from __future__ import annotations

import numpy as np

from raylab.evaluation.confusion import confusion
from raylab.reporting.canvas import Axes, Figure, plain
from raylab.reporting.charts.predicted import broken_line, column_of
from raylab.reporting.charts.timeline import time_axis
from raylab.reporting.figures.confusion import confusion_figure
from raylab.reporting.saved.predictions import Predictions
from raylab.reporting.style import BLUE, INK, SOFT_INK, literal, plain_axes

_COLUMNS = 3  # of a label that are drawn
_POINTS = 2000
_DPI = 110


@plain
def predictions_figure(shown: Predictions, *, title: str = "") -> Figure:
    """Of classes the confusion matrix; else each column of the first session over time, and beside
    it predicted against true values of all sessions.
    """
    if shown.kind == "discrete":
        matrix = confusion(shown.truth, shown.predicted, shown.classes)
        return confusion_figure(matrix, title=f"{title}: {shown.label}, {shown.split} split")
    columns = min(shown.columns, _COLUMNS)
    figure = Figure(figsize=(11, 1.2 + 2.4 * columns), dpi=_DPI, layout="constrained")
    figure.suptitle(literal(f"{title}, {shown.sessions[0]}: {shown.split} split"), fontsize=12)
    panels = figure.subplots(columns, 2, squeeze=False, width_ratios=(3.4, 1))
    for column in range(columns):
        _draw_course(panels[column][0], shown, column)
        _draw_scatter(panels[column][1], shown, column)
    return figure


def _draw_course(panel: Axes, shown: Predictions, column: int) -> None:
    at = shown.of_session(0)
    at = at[np.linspace(0, len(at) - 1, min(len(at), _POINTS)).astype(int)]
    axis = time_axis(shown.seconds, shown.part, at)
    for values, name, colour in (
        (shown.predicted, "predicted", BLUE),
        (shown.truth, "true", INK),  # on top: it is smoother, and hides less
    ):
        own = np.asarray(column_of(shown, values, column)[at], np.float64)
        x, y = broken_line(axis.places, own, axis.ends, wraps=shown.kind == "circular")
        marker = "." if axis.longest < 2 else None
        panel.plot(x, y, color=colour, linewidth=1.2, marker=marker, markersize=3, label=name)
    for place in axis.breaks:
        panel.axvline(place, color=SOFT_INK, linewidth=1, linestyle=":")
    panel.set_xlim(axis.left, axis.right)
    panel.set_xticks(axis.ticks, axis.texts)
    panel.set_xlabel(axis.title, fontsize=9)
    panel.set_ylabel(literal(shown.name_of(column)), fontsize=10)
    plain_axes(panel)
    panel.legend(fontsize=8, frameon=False, loc="upper right", ncols=2)


def _draw_scatter(panel: Axes, shown: Predictions, column: int) -> None:
    truth = column_of(shown, shown.truth, column)
    predicted = column_of(shown, shown.predicted, column)
    at = np.linspace(0, len(truth) - 1, min(len(truth), _POINTS)).astype(int)
    panel.scatter(truth[at], predicted[at], s=5, alpha=0.5, color=BLUE, linewidths=0)
    low, high = float(np.nanmin(truth)), float(np.nanmax(truth))
    panel.plot([low, high], [low, high], color=SOFT_INK, linewidth=1, linestyle=":")
    panel.set_xlabel("true", fontsize=9)
    panel.set_ylabel("predicted", fontsize=9)
    plain_axes(panel)
