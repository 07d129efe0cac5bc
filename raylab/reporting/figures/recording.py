"""One session in one picture: the activity of every unit, its labels, and the split of each
sample.
"""

from __future__ import annotations

import itertools

import numpy as np

from raylab.data.session import Label, Session
from raylab.data.splitting.splits import SPLITS
from raylab.reporting.canvas import Axes, Figure, Patch, plain
from raylab.reporting.style import BLUE, GREEN, GREY, ORANGE

COLOURS = {"train": BLUE, "valid": ORANGE, "test": GREEN}
_COLUMNS = 1600  # of the heat map: the columns of more would be narrower than a pixel
_LABELS = 8  # that are drawn
_POINTS = 6000  # of a label
_DPI = 130


@plain
def recording_figure(
    session: Session, parts: np.ndarray, *, kept: np.ndarray | None = None
) -> Figure:
    """A bar of the splits, a heat map of all units, and the first labels, over the samples of the
    recording.

    Args:
        parts: (P, 3) [start, stop, split code]; (0, 3) for a recording without splits.
        kept: (N,) bool; units that the dataset leaves out are not drawn. Default: all are drawn.
    """
    labels = dict(list(session.labels.items())[:_LABELS])
    heights = [0.3, 4.0, *[0.8] * len(labels)]
    figure = Figure(figsize=(11, 1.2 + sum(heights)), dpi=_DPI, layout="constrained")
    axes = figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
    samples, units = session.neural.shape
    left_out = 0 if kept is None else int((~kept).sum())
    title = f"{session.id}: {samples} samples x {units - left_out} units, {session.rate_hz:g} Hz"
    figure.suptitle(title + (f" ({left_out} units left out)" if left_out else ""), fontsize=12)
    _draw_splits(axes[0], parts)
    _draw_activity(axes[1], session, kept)
    for axis, (name, label) in zip(axes[2:], labels.items()):
        _draw_label(axis, name, label)
    rate = "" if len(session.segments) > 1 else f" ({session.rate_hz:g} per second)"
    axes[-1].set_xlabel(f"sample{rate}")
    axes[-1].set_xlim(0, samples)
    return figure


def _draw_splits(axis: Axes, parts: np.ndarray) -> None:
    for code, name in enumerate(SPLITS):
        ranges = [(int(start), int(stop - start)) for start, stop, split in parts if split == code]
        axis.broken_barh(ranges, (0, 1), color=COLOURS[name])
    axis.set_yticks([])
    axis.set_facecolor("#f1f3f6")
    axis.legend(
        handles=[Patch(color=COLOURS[name], label=name) for name in SPLITS],
        ncols=3,
        fontsize=8,
        frameon=False,
        loc="lower right",
        bbox_to_anchor=(1, 1),
    )


def _draw_activity(axis: Axes, session: Session, kept: np.ndarray | None) -> None:
    """Means of neighbouring samples, so that a short event is paler but never missed. Each unit is
    scaled by itself.
    """
    edges = np.unique(np.linspace(0, len(session.neural), _COLUMNS + 1).astype(np.int64))
    pooled = np.stack(
        [session.neural[start:stop].mean(axis=0) for start, stop in itertools.pairwise(edges)],
        axis=1,
    )
    pooled = pooled if kept is None else pooled[kept]
    low, high = np.percentile(pooled, [1, 99], axis=1, keepdims=True)
    scaled = (pooled - low) / np.where(high > low, high - low, np.maximum(np.abs(high), 1e-9))
    extent = (0, len(session.neural), len(pooled), 0)
    axis.imshow(
        scaled, aspect="auto", cmap="magma", vmin=0, vmax=1, interpolation="nearest", extent=extent
    )
    axis.set_ylabel(f"unit ({session.kind})")


def _draw_label(axis: Axes, name: str, label: Label) -> None:
    last = len(label.values) - 1
    samples = np.unique(np.linspace(0, last, _POINTS).round().astype(np.int64))
    values = label.values[samples]
    if label.kind == "discrete":
        codes = np.where(values >= 0, values.astype(float), np.nan)
        axis.plot(samples, codes, ".", markersize=2, color=BLUE)
        count = len(label.classes)
        ticks = list(range(count)) if count <= 4 else [0, count - 1]
        axis.set_yticks(ticks, [label.classes[tick] for tick in ticks], fontsize=7)
    else:
        mark = "." if label.kind == "circular" else "-"
        for column, colour in zip(values.T, (BLUE, ORANGE, GREY)):
            axis.plot(samples, column, mark, markersize=1.5, linewidth=0.8, color=colour)
        axis.tick_params(axis="y", labelsize=7)
    unit = f"\n({label.unit})" if label.unit else ""
    axis.set_ylabel(f"{name}{unit}", rotation=0, ha="right", va="center", fontsize=8)
    axis.spines[["top", "right"]].set_visible(False)
