"""The training loss and the validation scores of a trial by step."""

from __future__ import annotations

from raylab.reporting.canvas import Figure, plain
from raylab.reporting.style import BLUE, ORANGE, plain_axes
from raylab.tracking.records import TrialRecord

_DPI = 110


@plain
def loss_curve(record: TrialRecord, *metrics: str) -> Figure:
    """The training loss on top and the validation scores (`metrics`) below it, by step. A metric
    that the trial never reported has no panel.
    """
    colours = {
        "loss": BLUE,
        **dict.fromkeys((metric for metric in metrics if metric != "loss"), ORANGE),
    }
    curves = {name: curve for name in colours if (curve := _curve(record, name))}
    height = 2.4 * max(1, len(curves)) + 0.5
    figure = Figure(figsize=(6.4, height), dpi=_DPI)
    figure.suptitle(f"trial {record.trial} ({record.state})", fontsize=12)
    panels = figure.subplots(max(1, len(curves)), 1, sharex=True, squeeze=False)[:, 0]
    # In inches: a layout that measures every text takes as long as all the drawing.
    figure.subplots_adjust(
        left=0.9 / 6.4, right=6.25 / 6.4, bottom=0.5 / height, top=1 - 0.4 / height
    )
    for panel, (name, curve) in zip(panels, curves.items()):
        steps, values = zip(*curve)
        panel.plot(steps, values, color=colours[name], linewidth=1.8, marker="o", markersize=3)
        panel.set_ylabel(name, fontsize=11)
        plain_axes(panel)
    panels[-1].set_xlabel("step", fontsize=11)
    return figure


def _curve(record: TrialRecord, name: str) -> list[tuple[int, float]]:
    return [(step, metrics[name]) for _, step, metrics in record.history if name in metrics]
