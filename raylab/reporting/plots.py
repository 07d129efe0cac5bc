"""Figures of one trial with matplotlib, for files and MLflow. Nothing here touches pyplot's global
state.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from plotly.colors import cyclical, unlabel_rgb

from raylab.reporting.codes import CURVES
from raylab.reporting.embedding import Colouring, Embedding, load_embedding
from raylab.tracking.records import TrialRecord
from raylab.tracking.study import StudyFolder

BLUE, ORANGE, GREY = "#2563eb", "#d97706", "#c4c9d1"
CATEGORIES = (
    "#2563eb",
    "#d97706",
    "#059669",
    "#dc2626",
    "#7c3aed",
    "#0891b2",
    "#db2777",
    "#65a30d",
    "#92400e",
    "#475569",
)
_DPI = 110
# Without white or black, where points of one phase would vanish; the same as in the HTML report.
CYCLIC = LinearSegmentedColormap.from_list(
    "phase", [np.array(unlabel_rgb(c)) / 255 for c in cyclical.Phase]
)


def trial_figures(study: StudyFolder) -> Callable[[TrialRecord], dict[str, Figure]]:
    """What `tracking.mlflow.Mirror` draws of an ended trial: file name -> figure."""
    from raylab.reporting.code_figures import code_figures  # it draws with what is below
    from raylab.reporting.frames import frame_figures

    def draw(record: TrialRecord) -> dict[str, Figure]:
        figures: dict[str, Figure] = {}
        if record.history:
            figures["loss_curve.png"] = loss_curve(record, *study.metrics, *CURVES)
        path = study.embedding_path(record.trial)
        if path.is_file():
            figures["embedding.png"] = embedding(
                load_embedding(path), title=f"trial {record.trial}"
            )
            figures |= code_figures(path) | frame_figures(path)
        return figures

    return draw


def loss_curve(record: TrialRecord, *metrics: str) -> Figure:
    """The training loss and, below it, the validation scores (`metrics`), by step."""
    coloured = {
        "loss": BLUE,
        **dict.fromkeys((metric for metric in metrics if metric != "loss"), ORANGE),
    }
    shown = [(name, colour) for name, colour in coloured.items() if _curve(record, name)]
    height = 2.4 * max(1, len(shown)) + 0.5
    figure = Figure(figsize=(6.4, height), dpi=_DPI)
    figure.suptitle(f"trial {record.trial} ({record.state})", fontsize=12)
    panels = figure.subplots(max(1, len(shown)), 1, sharex=True, squeeze=False)[:, 0]
    # In inches: a layout that measures every text takes as long as all the drawing.
    figure.subplots_adjust(
        left=0.9 / 6.4, right=6.25 / 6.4, bottom=0.5 / height, top=1 - 0.4 / height
    )
    for panel, (name, colour) in zip(panels, shown):
        steps, values = zip(*_curve(record, name))
        panel.plot(steps, values, color=colour, linewidth=1.8, marker="o", markersize=3)
        panel.set_ylabel(name, fontsize=11)
        plain(panel)
    panels[-1].set_xlabel("step", fontsize=11)
    return figure


def embedding(found: Embedding, *, title: str = "", label: str | None = None) -> Figure:
    """The embedded validation samples, one panel a label (or only `label`), unlabelled samples
    grey.
    """
    chosen = [each for each in found.colourings if label in (None, each.name)][:4] or list(
        found.colourings[:1]
    )
    points, axes = found.drawn()
    columns, lines = min(2, len(chosen)), (len(chosen) + 1) // 2
    figure = Figure(figsize=(5.6 * columns, 4.8 * lines), dpi=_DPI, layout="constrained")
    figure.suptitle(title, fontsize=12)
    for index, colouring in enumerate(chosen, start=1):
        solid = points.shape[1] == 3
        panel: Any = figure.add_subplot(lines, columns, index, projection="3d" if solid else None)
        scatter(figure, panel, points, colouring)
        panel.set_title(literal(colouring.name), fontsize=11)
        panel.set_xlabel(axes[0], fontsize=9)
        panel.set_ylabel(axes[1], fontsize=9)
        if solid:
            panel.set_zlabel(axes[2], fontsize=9)
            panel.tick_params(labelsize=7)
            panel.view_init(elev=22, azim=-55)
        else:
            panel.set_aspect("equal", adjustable="datalim")
            plain(panel)
    return figure


def scatter(figure: Figure, panel: Any, points: np.ndarray, colouring: Colouring) -> None:
    # Shading by depth would look like other values.
    style: dict[str, Any] = {
        "linewidths": 0,
        **({"depthshade": False} if points.shape[1] == 3 else {}),
    }
    labelled = colouring.labelled
    if not labelled.all():
        panel.scatter(*points[~labelled].T, s=4, color=GREY, label="unlabelled", **style)
    points, values = points[labelled], colouring.values[labelled]
    if colouring.kind == "discrete":
        _categories(panel, points, values, colouring.classes, style)
        return
    phase = {"cmap": CYCLIC, "vmin": -np.pi, "vmax": np.pi} if colouring.kind == "circular" else {}
    drawn = panel.scatter(*points.T, c=values, s=6, **{"cmap": "viridis", **phase, **style})
    bar = figure.colorbar(drawn, ax=panel, shrink=0.75, pad=0.1 if points.shape[1] == 3 else 0.02)
    bar.set_label(literal(colouring.title), fontsize=10)


def _categories(
    panel: Any,
    points: np.ndarray,
    codes: np.ndarray,
    classes: tuple[str, ...],
    style: dict[str, Any],
) -> None:
    """A colour and a legend entry a class; with many classes a spectrum without a legend."""
    present = np.unique(codes)
    if len(present) > len(CATEGORIES):
        panel.scatter(*points.T, c=codes, s=6, cmap="turbo", **style)
        return
    for code, colour in zip(present, CATEGORIES):
        name = literal(classes[code] if code < len(classes) else str(code))
        panel.scatter(*points[codes == code].T, s=6, color=colour, label=name, **style)
    panel.legend(fontsize=8, markerscale=2.5, frameon=False, loc="upper right")


def literal(text: str) -> str:
    """Text from data: a dollar sign is not mathematics."""
    return text.replace("$", r"\$")


def _curve(record: TrialRecord, name: str) -> list[tuple[int, float]]:
    return [(step, metrics[name]) for _, step, metrics in record.history if name in metrics]


def plain(panel: Axes) -> None:
    panel.spines[["top", "right"]].set_visible(False)
    panel.grid(color="#e5e7eb", linewidth=0.8)
    panel.set_axisbelow(True)
    panel.tick_params(labelsize=9)
