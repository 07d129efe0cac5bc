"""The embedding of the winner."""

from __future__ import annotations

from markupsafe import Markup

from raylab.errors import DataError
from raylab.reporting.charts.embedding import embedding_chart
from raylab.reporting.facts import StudyFacts
from raylab.reporting.markup import render
from raylab.reporting.saved.embedding import load_embedding
from raylab.reporting.sections.charts import charts_markup
from raylab.reporting.sections.predictions import is_decoder

_MOST_CHARTS = 6  # a browser keeps few three-dimensional drawings alive at once


def embedding(facts: StudyFacts) -> Markup | None:
    """A chart per label; None for decoders, whose outputs are predictions, and for embeddings of
    one dimension, which have nothing to see.
    """
    if facts.embedding is None or not facts.embedding.is_file() or is_decoder(facts):
        return None
    try:
        saved = load_embedding(facts.embedding)
    except DataError as error:
        return render("note.html", style="warning", text=error.what)
    samples, dimensions = saved.points.shape
    if dimensions < 2:
        return None
    colourings = saved.colourings[:_MOST_CHARTS]
    hidden = len(saved.colourings) - len(colourings)
    more = f"; {hidden} more labels are in the file" if hidden else ""
    return charts_markup(
        [embedding_chart(saved, colouring) for colouring in colourings],
        note=f"{samples} validation samples in {dimensions} dimensions{more}.",
        pair=len(colourings) > 1,
    )
