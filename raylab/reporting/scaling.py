"""A scaling study as a table (CSV) and a figure: error against data and width with fitted laws, and
efficiency.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from raylab.files import atomic_path
from raylab.reporting.plots import CATEGORIES

MEASURED = ("score", "error", "steps_per_s", "samples_per_s", "speed_up", "efficiency")
_PLACE = ("workers", "width", "fraction", "samples", "learnt", "completed", "failed")


def keep_scaling(folder: Path, result: Mapping[str, Any]) -> None:
    """Write scaling.csv and scaling.png into a folder."""
    with atomic_path(folder / "scaling.csv") as temporary, temporary.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(
            [*_PLACE, *(f"{name}{end}" for name in MEASURED for end in ("", "_low", "_high"))]
        )
        for point in result["points"]:
            rows.writerow([*(point[name] for name in _PLACE), *_cells(point)])
    with atomic_path(folder / "scaling.png") as temporary:
        scaling_figure(result).savefig(temporary, format="png")


def _cells(point: Mapping[str, Any]) -> list[Any]:
    cells: list[Any] = []
    for name in MEASURED:
        found = point[name]
        cells += [found["mean"], *(found["interval"] or ("", ""))] if found else ["", "", ""]
    return cells


def scaling_figure(result: Mapping[str, Any]) -> Figure:
    """Error against data, a curve a width; against width, where it is an axis; efficiency, where
    workers are.
    """
    counts = sorted({point["workers"] for point in result["points"]})
    panels = 1 + (result["width_path"] is not None) + (len(counts) > 1)
    figure = Figure(figsize=(0.6 + 4.8 * panels, 4.2), dpi=150, layout="constrained")
    axes = list(figure.subplots(1, panels, squeeze=False)[0])
    first = [point for point in result["points"] if point["workers"] == counts[0]]
    _over_data(axes.pop(0), first, result)
    if result["width_path"] is not None:
        _over_width(axes.pop(0), first, result)
    if len(counts) > 1:
        _efficiency(axes.pop(0), result["points"], counts)
    spread = (
        f"{result['seeds']} seeds: means and 95 % intervals; bands: of the fit, by bootstrap "
        "over seeds"
    )
    figure.supxlabel(spread if result["seeds"] > 1 else "one seed: no intervals", fontsize=8)
    return figure


def _over_data(panel: Axes, first: Sequence[Mapping[str, Any]], result: Mapping[str, Any]) -> None:
    for place, width in enumerate(dict.fromkeys(point["width"] for point in first)):
        own = [point for point in first if point["width"] == width and point["error"]]
        law = result["laws"]["data"][str(width)]
        name = "" if width is None else f"{result['width_path'].rpartition('.')[2]} {width}"
        colour = CATEGORIES[place % len(CATEGORIES)]
        _points(panel, [point["samples"] for point in own], own, colour)
        _curve(panel, law, colour, f"{name}: {law_text(law)}".removeprefix(": "))
    _finish(panel, result, "training samples")


def _over_width(panel: Axes, first: Sequence[Mapping[str, Any]], result: Mapping[str, Any]) -> None:
    most = max(point["fraction"] for point in first)
    own = [point for point in first if point["fraction"] == most and point["error"]]
    law, colour = result["laws"]["width"], CATEGORIES[0]
    _points(panel, [_widest(point["width"]) for point in own], own, colour)
    _curve(panel, law, colour, law_text(law))
    _finish(panel, result, f"{result['width_path']} ({_share(most)})")


def _widest(width: Any) -> int:
    return max(int(one) for one in str(width).split("x"))


def _points(
    panel: Axes, sizes: Sequence[float], own: Sequence[Mapping[str, Any]], colour: str
) -> None:
    means = np.array([point["error"]["mean"] for point in own])
    ends = np.array(
        [point["error"]["interval"] or [point["error"]["mean"]] * 2 for point in own]
    ).reshape(-1, 2)
    panel.errorbar(
        sizes,
        means,
        np.abs(ends.T - means),
        fmt="o",
        color=colour,
        markersize=4,
        capsize=2,
        linewidth=1,
    )


def _curve(panel: Axes, law: Mapping[str, Any], colour: str, label: str) -> None:
    if "refused" in law:
        panel.plot([], [], "o", color=colour, markersize=4, label=label)
        return
    curve = law["curve"]
    panel.plot(curve["sizes"], curve["errors"], color=colour, linewidth=1.2, label=label)
    if curve["low"] is not None:
        panel.fill_between(
            curve["sizes"], curve["low"], curve["high"], color=colour, alpha=0.15, linewidth=0
        )


def _finish(panel: Axes, result: Mapping[str, Any], size: str) -> None:
    panel.set_xscale("log")
    values = [
        one for point in result["points"] if point["error"] for one in point["error"]["values"]
    ]
    if values and min(values) > 0:  # a negated score has no logarithm
        panel.set_yscale("log")
        low, high = min(values), max(values)
        panel.set_ylim(low / 1.15, high * 1.15)
        panel.yaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 4, 5, 7)))
        panel.yaxis.set_major_formatter(StrMethodFormatter("{x:.3g}"))
        panel.yaxis.set_minor_formatter(NullFormatter())
    ticks = sorted(
        {line for point in panel.lines for line in np.atleast_1d(point.get_xdata())}
        & _sizes(result, size)
    )
    panel.set_xticks(ticks, [f"{tick:,.0f}" for tick in ticks])
    panel.xaxis.set_minor_formatter(NullFormatter())
    panel.tick_params(labelsize=8)
    panel.set_xlabel(size, fontsize=9)
    panel.set_ylabel(result["error"].replace("decoding.", ""), fontsize=9)
    panel.grid(linewidth=0.3)
    panel.legend(fontsize=7, frameon=False)


def _sizes(result: Mapping[str, Any], size: str) -> set[float]:
    if size == "training samples":
        return {float(point["samples"]) for point in result["points"]}
    return {float(_widest(point["width"])) for point in result["points"]}


def _efficiency(panel: Axes, listed: Sequence[Mapping[str, Any]], counts: Sequence[int]) -> None:
    """Bars of each number of workers, side by side for each width at most data."""
    most = max(point["fraction"] for point in listed)
    widths = list(dict.fromkeys(point["width"] for point in listed))
    thick = 0.8 / len(counts)
    for place, count in enumerate(counts):
        own = [
            p for p in listed if p["workers"] == count and p["fraction"] == most and p["efficiency"]
        ]
        at = [
            widths.index(point["width"]) + (place - (len(counts) - 1) / 2) * thick for point in own
        ]
        means = np.array([point["efficiency"]["mean"] for point in own])
        ends = np.array(
            [point["efficiency"]["interval"] or [point["efficiency"]["mean"]] * 2 for point in own]
        )
        error = np.abs(ends.reshape(-1, 2).T - means)
        name = f"{count} worker{'s' if count > 1 else ''}"
        panel.bar(
            at,
            means,
            thick * 0.92,
            yerr=error,
            color=CATEGORIES[place],
            label=name,
            error_kw={"linewidth": 1},
        )
    panel.axhline(1, color="#475569", linewidth=0.8, linestyle="--")
    panel.set_xticks(range(len(widths)), ["" if width is None else str(width) for width in widths])
    panel.set_xlabel(f"width ({_share(most)})" if widths != [None] else _share(most), fontsize=9)
    panel.set_ylabel("efficiency", fontsize=9)
    panel.tick_params(labelsize=8)
    panel.margins(y=0.2)  # for the legend
    panel.legend(fontsize=7, frameon=False, ncols=len(counts), loc="upper center")


def _share(fraction: float) -> str:
    return "all training data" if fraction == 1 else f"{fraction:g} of the training data"


def law_text(law: Mapping[str, Any]) -> str:
    """A fitted law in one line."""
    if "refused" in law:
        return f"no fit ({law['refused'].partition(';')[0]})"
    interval = law["intervals"]["b"] if law["intervals"] else None
    within = f" ({interval[0]:.2g} ... {interval[1]:.2g})" if interval else ""
    rest = round(law["c"], 4) + 0.0
    return f"{law['a']:.3g} n^-{law['b']:.2g}{within} {'-' if rest < 0 else '+'} {abs(rest):.3g}"
