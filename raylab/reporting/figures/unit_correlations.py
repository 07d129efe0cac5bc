"""The correlations between the units of a session as a matrix."""

from __future__ import annotations

import numpy as np

from raylab.evaluation.unit_correlation import SILENT, UnitClusters
from raylab.reporting.canvas import Figure, colormaps, plain
from raylab.reporting.style import INK, literal

_DPI = 150


@plain
def correlation_figure(matrix: np.ndarray, clusters: UnitClusters, *, title: str = "") -> Figure:
    """The correlations in the order of the clusters, with lines between the clusters. Units that
    never vary are not drawn.

    The colours span the 99th percentile of |r| between units: of hundreds of units few correlate
    strongly.

    Args:
        matrix: (N, N) correlations of the units.
    """
    order = clusters.order[clusters.cluster[clusters.order] != SILENT]
    correlations = matrix[np.ix_(order, order)]
    between = np.abs(correlations[~np.eye(len(order), dtype=bool)])
    limit = max(0.05, float(np.percentile(between, 99))) if len(between) else 1.0
    figure = Figure(figsize=(7.0, 6.0), dpi=_DPI, layout="constrained")
    axis = figure.subplots()
    image = axis.imshow(correlations, vmin=-limit, vmax=limit, cmap=colormaps["RdBu_r"])
    for border in np.flatnonzero(np.diff(clusters.cluster[order])) + 0.5:
        axis.axhline(border, color=INK, linewidth=0.5)
        axis.axvline(border, color=INK, linewidth=0.5)
    silent = len(clusters.order) - len(order)
    left_out = f" ({silent} that never vary left out)" if silent else ""
    axis.set_title(literal(title) + left_out, fontsize=10)
    axis.set_xlabel("unit, in the order of the clusters", fontsize=9)
    axis.set_ylabel("unit", fontsize=9)
    axis.tick_params(labelsize=8)
    extend = "both" if limit < 1 else "neither"
    bar = figure.colorbar(image, ax=axis, shrink=0.8, extend=extend)
    bar.set_label("correlation (Pearson r)", fontsize=9)
    return figure
