"""Figures of scores that compare embeddings: consistency, topology, other methods, shuffled labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from raylab.files import atomic_path, write_json
from raylab.reporting.embedding import Embedding
from raylab.reporting.plots import BLUE, CATEGORIES, GREY, ORANGE, scatter
from raylab.tracking.study import StudyFolder

ANNOTATED = 12  # names up to which a matrix shows its numbers
PANELS = 6
_DPI = 150
_COLOURS = (GREY, BLUE, ORANGE)


def keep_score(study: StudyFolder, name: str, result: Mapping[str, Any], figure: Figure) -> None:
    """Write a result and its figure to the study's `scores` folder, where the report finds them."""
    write_json(study.scores_folder / f"{name}.json", result)
    with atomic_path(study.scores_folder / f"{name}.png") as temporary:
        figure.savefig(temporary, format="png")


def consistency_figure(result: Mapping[str, Any]) -> Figure:
    """The matrix of R2: rows predict columns."""
    names = result["names"]
    matrix = np.array(result["matrix"], float)
    side = 2.4 + 0.55 * min(len(names), 20)
    figure = Figure(figsize=(side + 1.2, side), dpi=_DPI, layout="constrained")
    axis = figure.subplots()
    shown = axis.imshow(matrix, vmin=0, vmax=1, cmap="viridis")
    axis.set_xticks(
        range(len(names)), [_short(name) for name in names], rotation=45, ha="right", fontsize=8
    )
    axis.set_yticks(range(len(names)), [_short(name) for name in names], fontsize=8)
    axis.set_ylabel("predicts", fontsize=9)
    axis.set_xlabel("predicted", fontsize=9)
    axis.set_title(
        f"consistency between {result['between']}: mean R2 {result['mean']:.3f}", fontsize=10
    )
    if len(names) <= ANNOTATED:
        for (row, column), value in np.ndenumerate(matrix):
            ink = "white" if value < 0.6 else "black"
            axis.text(
                column,
                row,
                "" if np.isnan(value) else f"{value:.2f}",
                ha="center",
                va="center",
                color=ink,
            )
    figure.colorbar(shown, ax=axis, shrink=0.8).set_label("R2", fontsize=9)
    return figure


def topology_figure(result: Mapping[str, Any]) -> Figure:
    """A persistence diagram a session; bars of a dimension under its dashed line are no longer than
    in shuffles.
    """
    sessions = list(result["sessions"].items())[:PANELS]
    columns, lines = min(3, len(sessions)), -(-len(sessions) // 3)
    figure = Figure(
        figsize=(3.9 * columns + 0.4, 3.7 * lines + 0.3), dpi=_DPI, layout="constrained"
    )
    panels = figure.subplots(lines, columns, squeeze=False).ravel()
    for panel, (name, found) in zip(panels, sessions):
        _diagram(panel, found)
        panel.set_title(
            f"{_short(name)}: Betti numbers {', '.join(map(str, found['betti']))}", fontsize=9
        )
    for panel in panels[len(sessions) :]:
        panel.set_axis_off()
    panels[0].legend(fontsize=8, frameon=False, loc="lower right")
    return figure


def _diagram(panel: Axes, found: Mapping[str, Any]) -> None:
    diagrams = [np.array(bars, float).reshape(-1, 2) for bars in found["diagrams"]]
    top = 1.05 * max(*found["thresholds"], *(bars[:, 1].max() for bars in diagrams if len(bars)))
    panel.plot([0, top], [0, top], color="#6b7280", linewidth=0.8)
    for dimension, (bars, threshold, colour) in enumerate(
        zip(diagrams, found["thresholds"], _COLOURS)
    ):
        panel.scatter(bars[:, 0], bars[:, 1], s=9, color=colour, label=f"H{dimension}")
        panel.plot([0, top], [threshold, top + threshold], "--", color=colour, linewidth=0.8)
    panel.set_xlim(-0.02 * top, top)
    panel.set_ylim(0, top)
    panel.set_xlabel("birth", fontsize=9)
    panel.set_ylabel("death", fontsize=9)
    panel.tick_params(labelsize=8)


def comparison_figure(embeddings: Mapping[str, Embedding], transductive: Sequence[str]) -> Figure:
    """The scored samples in each embedding, coloured by one label; of more than 3 dimensions,
    principal components.
    """
    columns, lines = min(3, len(embeddings)), -(-len(embeddings) // 3)
    figure = Figure(figsize=(4.6 * columns, 4.0 * lines), dpi=_DPI, layout="constrained")
    for place, (name, found) in enumerate(embeddings.items(), start=1):
        points, axes = found.drawn()
        solid = {"projection": "3d"} if points.shape[1] == 3 else {}
        panel: Any = figure.add_subplot(lines, columns, place, **solid)
        scatter(figure, panel, points, found.colourings[0])
        panel.set_title(
            name + (" (fitted on these samples too)" if name in transductive else ""), fontsize=10
        )
        panel.set_xlabel(axes[0], fontsize=8)
        panel.set_ylabel(axes[1], fontsize=8)
        panel.tick_params(labelsize=7)
    return figure


def shuffles_figure(result: Mapping[str, Any]) -> Figure:
    """For each label, the true score beside those of models trained on shuffled labels."""
    rows = [(label, found) for label, found in result["scores"].items()]
    figure = Figure(figsize=(6.4, 1.1 + 0.6 * len(rows)), dpi=_DPI, layout="constrained")
    axis = figure.subplots()
    for place, (_, found) in enumerate(rows):
        axis.plot(
            found["shuffled"], np.full(len(found["shuffled"]), place), "o", color=GREY, markersize=5
        )
        axis.plot([found["true"]], [place], "D", color=CATEGORIES[1], markersize=7)
    axis.set_yticks(
        range(len(rows)), [f"{label}: {found['metric']}" for label, found in rows], fontsize=9
    )
    axis.set_ylim(-0.6, len(rows) - 0.4)
    axis.set_xlabel("score: true labels (diamond), shuffled labels (circles)", fontsize=9)
    return figure


def _short(name: str) -> str:
    plain = str(name).replace("$", r"\$")
    return plain if len(plain) <= 24 else plain[:23] + "…"
