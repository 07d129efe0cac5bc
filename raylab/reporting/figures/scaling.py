"""A scaling study: error against data and against width with fitted laws, and efficiency."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np

from raylab.reporting.canvas import (
    Axes,
    Figure,
    LogLocator,
    NullFormatter,
    StrMethodFormatter,
    plain,
)
from raylab.reporting.figures.files import save_figure
from raylab.reporting.figures.intervals import means_and_bars
from raylab.reporting.figures.scaling_efficiency import efficiency_panel, share_of_data
from raylab.reporting.score_files.common import ScoreJson
from raylab.reporting.score_files.scaling import Law, ScalingPoint, ScalingScore
from raylab.reporting.style import CATEGORIES
from raylab.reporting.tables.scaling import law_text, write_scaling_csv

_DPI = 150


def keep_scaling(folder: Path, result: ScoreJson) -> None:
    """Write scaling.csv and scaling.png into a folder."""
    write_scaling_csv(folder / "scaling.csv", result)
    save_figure(folder / "scaling.png", scaling_figure(result))


@plain
def scaling_figure(result: ScoreJson) -> Figure:
    """Error against data, a curve per width; against width and efficiency, where these vary."""
    study = cast(ScalingScore, result)
    counts = sorted({point["workers"] for point in study["points"]})
    panels = 1 + (study["width_path"] is not None) + (len(counts) > 1)
    figure = Figure(figsize=(0.6 + 4.8 * panels, 4.2), dpi=_DPI, layout="constrained")
    axes = iter(figure.subplots(1, panels, squeeze=False)[0])
    points = [point for point in study["points"] if point["workers"] == counts[0]]
    _over_data(next(axes), points, study)
    if study["width_path"] is not None:
        _over_width(next(axes), points, study)
    if len(counts) > 1:
        efficiency_panel(next(axes), study["points"], counts)
    several = (
        f"{study['seeds']} seeds: means and 95 % intervals; bands: of the fit, by bootstrap over "
        "seeds"
    )
    figure.supxlabel(several if study["seeds"] > 1 else "one seed: no intervals", fontsize=8)
    return figure


def _over_data(panel: Axes, points: Sequence[ScalingPoint], study: ScalingScore) -> None:
    for place, width in enumerate(dict.fromkeys(point["width"] for point in points)):
        own = [point for point in points if point["width"] == width and point["error"]]
        law = study["laws"]["data"][str(width)]
        path = study["width_path"] or ""
        name = "" if width is None else f"{path.rpartition('.')[2]} {width}"
        colour = CATEGORIES[place % len(CATEGORIES)]
        _points(panel, [point["samples"] for point in own], own, colour)
        _curve(panel, law, colour, f"{name}: {law_text(law)}".removeprefix(": "))
    _finish(
        panel, study, "training samples", {float(point["samples"]) for point in study["points"]}
    )


def _over_width(panel: Axes, points: Sequence[ScalingPoint], study: ScalingScore) -> None:
    most = max(point["fraction"] for point in points)
    own = [point for point in points if point["fraction"] == most and point["error"]]
    law, colour = study["laws"]["width"] or Law(refused="no law"), CATEGORIES[0]
    _points(panel, [_widest(point["width"]) for point in own], own, colour)
    _curve(panel, law, colour, law_text(law))
    name = f"{study['width_path']} ({share_of_data(most)})"
    _finish(panel, study, name, {float(_widest(point["width"])) for point in study["points"]})


def _widest(width: int | str | None) -> int:
    """The largest number of a width such as 16x32."""
    return max(int(part) for part in str(width).split("x"))


def _points(
    panel: Axes, sizes: Sequence[float], points: Sequence[ScalingPoint], colour: str
) -> None:
    means, bars = means_and_bars([point["error"] for point in points if point["error"]])
    panel.errorbar(
        sizes,
        means,
        bars,
        fmt="o",
        color=colour,
        markersize=4,
        capsize=2,
        linewidth=1,
    )


def _curve(panel: Axes, law: Law, colour: str, label: str) -> None:
    if "refused" in law:
        panel.plot([], [], "o", color=colour, markersize=4, label=label)
        return
    curve = law["curve"]
    panel.plot(curve["sizes"], curve["errors"], color=colour, linewidth=1.2, label=label)
    if curve["low"] is not None and curve["high"] is not None:
        panel.fill_between(
            curve["sizes"], curve["low"], curve["high"], color=colour, alpha=0.15, linewidth=0
        )


def _finish(panel: Axes, study: ScalingScore, size: str, sizes: set[float]) -> None:
    """Logarithmic axes with a tick at each size that was measured."""
    panel.set_xscale("log")
    errors = [point["error"] for point in study["points"] if point["error"]]
    values = [value for error in errors for value in error["values"]]
    if values and min(values) > 0:  # a negated score has no logarithm
        panel.set_yscale("log")
        panel.set_ylim(min(values) / 1.15, max(values) * 1.15)
        panel.yaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 4, 5, 7)))
        panel.yaxis.set_major_formatter(StrMethodFormatter("{x:.3g}"))
        panel.yaxis.set_minor_formatter(NullFormatter())
    drawn = {float(x) for line in panel.lines for x in np.atleast_1d(line.get_xdata())}
    ticks = sorted(drawn & sizes)
    panel.set_xticks(ticks, [f"{tick:,.0f}" for tick in ticks])
    panel.xaxis.set_minor_formatter(NullFormatter())
    panel.tick_params(labelsize=8)
    panel.set_xlabel(size, fontsize=9)
    panel.set_ylabel(study["error"].replace("decoding.", ""), fontsize=9)
    panel.grid(linewidth=0.3)
    panel.legend(fontsize=7, frameon=False)
