"""Alternatives side by side: every seed, the means and their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from raylab.reporting.canvas import Axes, Figure, plain
from raylab.reporting.score_files.common import ScoreJson
from raylab.reporting.score_files.embeddings import AlternativesScore
from raylab.reporting.style import BLUE, GREY
from raylab.reporting.tables.alternatives import shown_metrics

_DPI = 150


@plain
def alternatives_figure(result: ScoreJson, objectives: Sequence[str] = ()) -> Figure:
    """A panel per metric: a dot per seed, the mean (diamond) and its 95 % interval.

    Args:
        objectives: Metrics to show first.
    """
    score = cast(AlternativesScore, result)
    metrics, names = shown_metrics(score, objectives), list(score["alternatives"])
    columns = min(3, max(1, len(metrics)))
    lines = max(1, -(-len(metrics) // columns))
    size = (4.2 * columns, (1.1 + 0.32 * len(names)) * lines)
    figure = Figure(figsize=size, dpi=_DPI, layout="constrained")
    panels = figure.subplots(lines, columns, squeeze=False, sharey=True).ravel()
    for panel, metric in zip(panels, metrics):
        _panel(panel, score, metric)
    panels[0].set_yticks(range(len(names)), names, fontsize=9)
    panels[0].set_ylim(len(names) - 0.5, -0.5)
    for panel in panels[len(metrics) :]:
        panel.set_axis_off()
    caption = f"{score['over']}: {score['seeds']} seeds (dots), mean and 95 % interval"
    figure.supxlabel(caption, fontsize=9)
    return figure


def _panel(panel: Axes, score: AlternativesScore, metric: str) -> None:
    for row, alternative in enumerate(score["alternatives"].values()):
        spread = alternative["metrics"].get(metric)
        if spread is None:
            continue
        values = spread["values"]
        panel.plot(values, [row] * len(values), "o", color=GREY, markersize=4)
        low, high = spread["interval"] or (spread["mean"], spread["mean"])
        panel.plot([low, high], [row, row], "-", color=BLUE, linewidth=2)
        panel.plot([spread["mean"]], [row], "D", color=BLUE, markersize=5)
    panel.set_title(metric, fontsize=10)
    panel.tick_params(labelsize=8)
    panel.grid(axis="x", linewidth=0.4)
