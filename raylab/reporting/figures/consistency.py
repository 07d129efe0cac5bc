"""How well embeddings predict each other, as a matrix."""

from __future__ import annotations

from typing import cast

import numpy as np

from raylab.reporting.canvas import Figure, plain
from raylab.reporting.figures.confusion import ANNOTATED, annotate
from raylab.reporting.score_files.common import ScoreJson
from raylab.reporting.score_files.embeddings import ConsistencyScore
from raylab.reporting.style import literal

_LONGEST = 24  # characters of a name
_DPI = 150


@plain
def consistency_figure(result: ScoreJson) -> Figure:
    """The matrix of R2: the embedding of a row predicts that of a column."""
    score = cast(ConsistencyScore, result)
    names = [short_name(name) for name in score["names"]]
    matrix = np.array(score["matrix"], float)
    side = 2.4 + 0.55 * min(len(names), 20)
    figure = Figure(figsize=(side + 1.2, side), dpi=_DPI, layout="constrained")
    axis = figure.subplots()
    image = axis.imshow(matrix, vmin=0, vmax=1, cmap="viridis")
    axis.set_xticks(range(len(names)), names, rotation=45, ha="right", fontsize=8)
    axis.set_yticks(range(len(names)), names, fontsize=8)
    axis.set_ylabel("predicts", fontsize=9)
    axis.set_xlabel("predicted", fontsize=9)
    title = f"consistency between {score['between']}: mean R2 {score['mean']:.3f}"
    axis.set_title(title, fontsize=10)
    if len(names) <= ANNOTATED:
        annotate(axis, matrix)
    figure.colorbar(image, ax=axis, shrink=0.8).set_label("R2", fontsize=9)
    return figure


def short_name(name: str) -> str:
    """A name from data, cut where it is long, as matplotlib takes it literally."""
    text = literal(str(name))
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
