"""The same samples in the embeddings of several methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from raylab.reporting.canvas import Figure, plain
from raylab.reporting.figures.scatter import add_panel, name_axes, scatter
from raylab.reporting.saved.embedding import Embedding

_DPI = 150


@plain
def comparison_figure(embeddings: Mapping[str, Embedding], transductive: Sequence[str]) -> Figure:
    """The scored samples in each embedding, coloured by one label. An embedding of more than 3
    dimensions is projected on its first 3 principal components.

    Args:
        transductive: Names of the methods that were fitted on the scored samples, too.
    """
    columns, lines = min(3, len(embeddings)), -(-len(embeddings) // 3)
    figure = Figure(figsize=(4.6 * columns, 4.0 * lines), dpi=_DPI, layout="constrained")
    for index, (name, embedding) in enumerate(embeddings.items(), start=1):
        points, axes = embedding.coordinates()
        panel = add_panel(figure, lines, columns, index, dimensions=points.shape[1])
        scatter(figure, panel, points, embedding.colourings[0])
        fitted = " (fitted on these samples too)" if name in transductive else ""
        panel.set_title(name + fitted, fontsize=10)
        name_axes(panel, axes, size=8)
        panel.tick_params(labelsize=7)
    return figure
