"""How much of several workers' speed a scaling study reached."""

from __future__ import annotations

from collections.abc import Sequence

from raylab.reporting.canvas import Axes
from raylab.reporting.figures.intervals import means_and_bars
from raylab.reporting.score_files.scaling import ScalingPoint
from raylab.reporting.style import CATEGORIES


def efficiency_panel(panel: Axes, points: Sequence[ScalingPoint], counts: Sequence[int]) -> None:
    """Bars of each number of workers, side by side for each width, with the largest share of data.

    Args:
        counts: The numbers of workers.
    """
    most = max(point["fraction"] for point in points)
    widths = list(dict.fromkeys(point["width"] for point in points))
    thick = 0.8 / len(counts)
    for place, count in enumerate(counts):
        offset = (place - (len(counts) - 1) / 2) * thick
        own = [
            (widths.index(point["width"]) + offset, point["efficiency"])
            for point in points
            if point["workers"] == count and point["fraction"] == most and point["efficiency"]
        ]
        means, bars = means_and_bars([spread for _, spread in own if spread])
        panel.bar(
            [x for x, _ in own],
            means,
            thick * 0.92,
            yerr=bars,
            color=CATEGORIES[place],
            label=f"{count} worker{'s' if count > 1 else ''}",
            error_kw={"linewidth": 1},
        )
    panel.axhline(1, color=CATEGORIES[-1], linewidth=0.8, linestyle="--")
    panel.set_xticks(range(len(widths)), ["" if width is None else str(width) for width in widths])
    share = share_of_data(most)
    panel.set_xlabel(f"width ({share})" if widths != [None] else share, fontsize=9)
    panel.set_ylabel("efficiency", fontsize=9)
    panel.tick_params(labelsize=8)
    panel.margins(y=0.2)  # for the legend
    panel.legend(fontsize=7, frameon=False, ncols=len(counts), loc="upper center")


def share_of_data(fraction: float) -> str:
    return "all training data" if fraction == 1 else f"{fraction:g} of the training data"
