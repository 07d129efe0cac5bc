"""Persistence diagrams of embeddings."""

from __future__ import annotations

from typing import cast

import numpy as np

from raylab.reporting.canvas import Axes, Figure, plain
from raylab.reporting.figures.consistency import short_name
from raylab.reporting.score_files.common import ScoreJson
from raylab.reporting.score_files.embeddings import SessionTopology, TopologyScore
from raylab.reporting.style import BLUE, GREY, ORANGE, SOFT_INK

_PANELS = 6  # sessions that are drawn
_COLOURS = (GREY, BLUE, ORANGE)  # of dimensions 0, 1 and 2
_DPI = 150


@plain
def topology_figure(result: ScoreJson) -> Figure:
    """A persistence diagram per session. The dots of a dimension below its dashed line are bars no
    longer than those of shuffled data.
    """
    sessions = list(cast(TopologyScore, result)["sessions"].items())[:_PANELS]
    columns, lines = min(3, len(sessions)), -(-len(sessions) // 3)
    size = (3.9 * columns + 0.4, 3.7 * lines + 0.3)
    figure = Figure(figsize=size, dpi=_DPI, layout="constrained")
    panels = figure.subplots(lines, columns, squeeze=False).ravel()
    for panel, (name, topology) in zip(panels, sessions):
        _diagram(panel, topology)
        numbers = ", ".join(map(str, topology["betti"]))
        panel.set_title(f"{short_name(name)}: Betti numbers {numbers}", fontsize=9)
    for panel in panels[len(sessions) :]:
        panel.set_axis_off()
    panels[0].legend(fontsize=8, frameon=False, loc="lower right")
    return figure


def _diagram(panel: Axes, topology: SessionTopology) -> None:
    diagrams = [np.array(bars, float).reshape(-1, 2) for bars in topology["diagrams"]]
    thresholds = topology["thresholds"]
    top = 1.05 * max(*thresholds, *(bars[:, 1].max() for bars in diagrams if len(bars)))
    panel.plot([0, top], [0, top], color=SOFT_INK, linewidth=0.8)
    for dimension, (bars, threshold, colour) in enumerate(zip(diagrams, thresholds, _COLOURS)):
        panel.scatter(bars[:, 0], bars[:, 1], s=9, color=colour, label=f"H{dimension}")
        panel.plot([0, top], [threshold, top + threshold], "--", color=colour, linewidth=0.8)
    panel.set_xlim(-0.02 * top, top)
    panel.set_ylim(0, top)
    panel.set_xlabel("birth", fontsize=9)
    panel.set_ylabel("death", fontsize=9)
    panel.tick_params(labelsize=8)
