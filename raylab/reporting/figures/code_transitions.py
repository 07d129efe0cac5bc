"""The codes of a VQ-VAE over time, and how often one follows another."""

from __future__ import annotations

from typing import Literal

import numpy as np

from raylab.reporting.canvas import Axes, Figure, plain
from raylab.reporting.saved.codes import Codes, transitions
from raylab.reporting.style import BLUE, LINE, literal, plain_axes

MOST_CODES = 64  # rows of a transition matrix
WINDOWS = 100  # windows of a sequence: the lines of more would be thinner than a pixel
_BOOKS = 3  # codebooks that are drawn
_TICKS = 16  # numbers that fit along an axis
_DPI = 130


@plain
def transitions_figure(codes: Codes) -> Figure:
    """For the first codebooks: the codes over time, and how often one code follows another within
    a window.
    """
    books = min(_BOOKS, len(codes.counts))
    figure = Figure(figsize=(12, 3.9 * books + 0.2), dpi=_DPI, layout="constrained")
    panels = figure.subplots(books, 2, squeeze=False, width_ratios=(1.9, 1))
    for book, (raster, matrix) in enumerate(panels):
        sequence = codes.sequence[:, :, book]
        ranked, counts = transitions(sequence, most=MOST_CODES)
        several = len(codes.counts) > 1
        name = f"codebook {book + 1} of {len(codes.counts)}: " if several else ""
        _raster(raster, sequence[:WINDOWS], ranked, title=f"{name}codes over time")
        raster.set_xlabel(f"validation window of session {literal(codes.session)}", fontsize=9)
        _matrix(figure, matrix, ranked, counts)
    return figure


def _raster(panel: Axes, sequence: np.ndarray, ranked: np.ndarray, *, title: str) -> None:
    """A dash per code of a window, the most frequent code at the top."""
    rank = np.full(int(max(sequence.max(), ranked.max())) + 1, -1)
    rank[ranked] = np.arange(len(ranked))
    length, height = sequence.shape[1], rank[sequence].ravel()
    start = np.arange(sequence.size) / length
    frequent = height >= 0
    panel.hlines(
        height[frequent], start[frequent], start[frequent] + 1 / length, color=BLUE, linewidth=2
    )
    rare = 100 * (~frequent).mean()
    rest = "" if frequent.all() else f"; {rare:.0f} % are rarer codes, not drawn"
    panel.set_title(title + rest, fontsize=10)
    panel.set_ylabel("code, the most frequent at the top", fontsize=9)
    panel.set_xlim(0, len(sequence))
    panel.set_ylim(len(ranked) - 0.5, -0.5)
    _number_axis(panel, ranked, axis="y")
    plain_axes(panel)


def _matrix(figure: Figure, panel: Axes, ranked: np.ndarray, counts: np.ndarray) -> None:
    """The share of each next code per row; a row is grey where none of these codes follows."""
    total = counts.sum(axis=1, keepdims=True)
    shares = np.ma.masked_invalid(np.where(total > 0, counts / np.maximum(total, 1), np.nan))
    panel.set_facecolor(LINE)
    image = panel.imshow(shares, cmap="viridis", vmin=0, interpolation="nearest")
    panel.set_title("next code within a window", fontsize=10)
    panel.set_xlabel("next code", fontsize=9)
    panel.set_ylabel("code", fontsize=9)
    panel.tick_params(labelsize=8)
    _number_axis(panel, ranked, axis="x")
    _number_axis(panel, ranked, axis="y")
    figure.colorbar(image, ax=panel, shrink=0.8).set_label("share", fontsize=9)


def _number_axis(panel: Axes, ranked: np.ndarray, *, axis: Literal["x", "y"]) -> None:
    """The codes' own numbers along an axis of ranks, as many as can be read."""
    ticks = np.arange(0, len(ranked), -(-len(ranked) // _TICKS))
    numbers = list(map(str, ranked[ticks]))
    if axis == "y":
        panel.set_yticks(ticks, numbers)
    else:
        panel.set_xticks(ticks, numbers, rotation=90)
