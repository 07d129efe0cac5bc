"""Scores of a model beside those of models trained on shuffled labels."""

from __future__ import annotations

from typing import cast

import numpy as np

from raylab.reporting.canvas import Figure, plain
from raylab.reporting.score_files.common import ScoreJson
from raylab.reporting.score_files.embeddings import ShufflesScore
from raylab.reporting.style import GREY, ORANGE

_DPI = 150


@plain
def shuffles_figure(result: ScoreJson) -> Figure:
    """For each label, the score with true labels beside those with shuffled labels."""
    scores = cast(ShufflesScore, result)["scores"]
    figure = Figure(figsize=(6.4, 1.1 + 0.6 * len(scores)), dpi=_DPI, layout="constrained")
    axis = figure.subplots()
    for row, score in enumerate(scores.values()):
        shuffled = score["shuffled"]
        axis.plot(shuffled, np.full(len(shuffled), row), "o", color=GREY, markersize=5)
        axis.plot([score["true"]], [row], "D", color=ORANGE, markersize=7)
    names = [f"{label}: {score['metric']}" for label, score in scores.items()]
    axis.set_yticks(range(len(names)), names, fontsize=9)
    axis.set_ylim(-0.6, len(names) - 0.4)
    axis.set_xlabel("score: true labels (diamond), shuffled labels (circles)", fontsize=9)
    return figure
