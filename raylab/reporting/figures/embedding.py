"""The embedded validation samples of a trial, coloured by labels."""

from __future__ import annotations

from raylab.reporting.canvas import Figure, plain
from raylab.reporting.figures.scatter import add_panel, name_axes, scatter
from raylab.reporting.saved.embedding import Embedding
from raylab.reporting.style import literal, plain_axes

_COLOURINGS = 4  # panels at most
_DPI = 110


@plain
def embedding_figure(embedding: Embedding, *, title: str = "", label: str | None = None) -> Figure:
    """The embedded validation samples, one panel per label; unlabelled samples are grey.

    Args:
        label: The only label to draw; where the embedding has no such label, its first one.
    """
    named = [each for each in embedding.colourings if label in (None, each.name)]
    colourings = named[:_COLOURINGS] or embedding.colourings[:1]
    points, axes = embedding.coordinates()
    columns, lines = min(2, len(colourings)), (len(colourings) + 1) // 2
    figure = Figure(figsize=(5.6 * columns, 4.8 * lines), dpi=_DPI, layout="constrained")
    figure.suptitle(title, fontsize=12)
    for index, colouring in enumerate(colourings, start=1):
        panel = add_panel(figure, lines, columns, index, dimensions=points.shape[1])
        scatter(figure, panel, points, colouring)
        panel.set_title(literal(colouring.name), fontsize=11)
        name_axes(panel, axes, size=9)
        if points.shape[1] == 3:
            panel.tick_params(labelsize=7)
            panel.view_init(elev=22, azim=-55)
        else:
            panel.set_aspect("equal", adjustable="datalim")
            plain_axes(panel)
    return figure
