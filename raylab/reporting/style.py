"""Colours, axes and text that the figures (matplotlib) and charts (plotly) of a report share."""

from __future__ import annotations

import numpy as np
from plotly.colors import cyclical, unlabel_rgb

from raylab.reporting.canvas import Axes, LinearSegmentedColormap

BLUE, ORANGE, GREEN, GREY = "#2563eb", "#d97706", "#059669", "#c4c9d1"
INK, SOFT_INK, LINE = "#374151", "#6b7280", "#e5e7eb"
CATEGORIES = (
    BLUE,
    ORANGE,
    GREEN,
    "#dc2626",
    "#7c3aed",
    "#0891b2",
    "#db2777",
    "#65a30d",
    "#92400e",
    "#475569",
)
# A cyclic colour map without white or black, where points of one phase would vanish on the paper.
# The plotly charts use the same map under its own name, "Phase".
CYCLIC = LinearSegmentedColormap.from_list(
    "phase", [np.array(unlabel_rgb(colour)) / 255 for colour in cyclical.Phase]
)


def literal(text: str) -> str:
    """Text from data for matplotlib: a dollar sign does not start a formula."""
    return text.replace("$", r"\$")


def plain_axes(panel: Axes) -> None:
    """Axes without a frame at the top and at the right, with a light grid behind the data."""
    panel.spines[["top", "right"]].set_visible(False)
    panel.grid(color=LINE, linewidth=0.8)
    panel.set_axisbelow(True)
    panel.tick_params(labelsize=9)
