"""Alternatives side by side: table and figure of means and intervals over seeds."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from raylab.files import atomic_path
from raylab.reporting.plots import BLUE, GREY

SHOWN = (  # of those that the trials measured, besides the objectives
    "reconstruction.mse",
    "reconstruction.explained_variance",
    "codes.usage",
    "codes.perplexity",
    "codes.bits_per_window",
    "behaviour.r2",
    "decoding.score",
    "goodness_of_fit",
    "steps_per_s",
)
# Usage, error and behaviour R2 of a comparison that was published without code or data to check it
# (requirements, D6).
PUBLISHED = {
    "plain": {"codes.usage": 0.30, "reconstruction.mse": 0.045, "behaviour.r2": 0.12},
    "ema": {"codes.usage": 0.80, "reconstruction.mse": 0.032, "behaviour.r2": 0.28},
    "grouped_residual": {"codes.usage": 0.95, "reconstruction.mse": 0.028, "behaviour.r2": 0.34},
}
UNVERIFIED = "published, not verified, on other data and another scale of errors"


def shown_metrics(result: Mapping[str, Any], objectives: Sequence[str] = ()) -> list[str]:
    """The metrics to show, of those that any alternative has."""
    known = {name for one in result["alternatives"].values() for name in one["metrics"]}
    return [name for name in dict.fromkeys((*objectives, *SHOWN)) if name in known]


def published(result: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Figures from elsewhere for the alternatives that have some."""
    if result["over"] != "quantizer.kind":
        return {}
    return {name: PUBLISHED[name] for name in result["alternatives"] if name in PUBLISHED}


def write_table(path: Path, result: Mapping[str, Any]) -> None:
    """One row an alternative and metric."""
    with atomic_path(path) as temporary, temporary.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(
            [
                "alternative",
                "learnt",
                "completed",
                "failed",
                "metric",
                "mean",
                "low",
                "high",
                "published",
            ]
        )
        told = published(result)
        for name, one in result["alternatives"].items():
            for metric, found in one["metrics"].items():
                low, high = found["interval"] or ("", "")
                other = told.get(name, {}).get(metric, "")
                head = [name, one["learnt"], one["completed"], one["failed"]]
                rows.writerow([*head, metric, found["mean"], low, high, other])


def alternatives_figure(result: Mapping[str, Any], objectives: Sequence[str] = ()) -> Figure:
    """A panel a metric: every seed a dot, the mean and its interval beside them."""
    metrics, names = shown_metrics(result, objectives), list(result["alternatives"])
    columns = min(3, max(1, len(metrics)))
    lines = max(1, -(-len(metrics) // columns))
    figure = Figure(
        figsize=(4.2 * columns, (1.1 + 0.32 * len(names)) * lines), dpi=150, layout="constrained"
    )
    panels = figure.subplots(lines, columns, squeeze=False, sharey=True).ravel()
    for panel, metric in zip(panels, metrics):
        for place, one in enumerate(result["alternatives"].values()):
            found = one["metrics"].get(metric)
            if found is None:
                continue
            panel.plot(
                found["values"], [place] * len(found["values"]), "o", color=GREY, markersize=4
            )
            low, high = found["interval"] or (found["mean"], found["mean"])
            panel.plot([low, high], [place, place], "-", color=BLUE, linewidth=2)
            panel.plot([found["mean"]], [place], "D", color=BLUE, markersize=5)
        panel.set_title(metric, fontsize=10)
        panel.tick_params(labelsize=8)
        panel.grid(axis="x", linewidth=0.4)
    panels[0].set_yticks(range(len(names)), names, fontsize=9)
    panels[0].set_ylim(len(names) - 0.5, -0.5)
    for panel in panels[len(metrics) :]:
        panel.set_axis_off()
    figure.supxlabel(
        f"{result['over']}: {result['seeds']} seeds (dots), mean and 95 % interval", fontsize=9
    )
    return figure
