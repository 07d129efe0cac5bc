"""Figures of a VQ-VAE trial: how codes are used, how they follow each other, what they rebuild."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from raylab.reporting.codes import Codes, load_codes, transitions
from raylab.reporting.embedding import load_embedding
from raylab.reporting.latent_map import latent_figure
from raylab.reporting.plots import BLUE, GREY, ORANGE, literal, plain

MOST_CODES = 64  # of a transition matrix
_BOOKS, _SEQUENCES = 8, 3  # codebooks whose usage, and whose sequence, is drawn
WINDOWS = 100  # of a sequence: more would be lines thinner than a pixel
_DPI = 130
_INK = "#374151"


def code_figures(path: Path) -> dict[str, Figure]:
    """Of an `embedding.safetensors`: file name -> figure; none where the trial has no codes.
    DataError when damaged.
    """
    found = load_codes(path)
    if found is None:
        return {}
    figures = {
        "code_usage.png": usage_figure(found.counts),
        "code_transitions.png": transitions_figure(found),
    }
    if len(found.truth):
        figures["reconstructions.png"] = reconstructions_figure(found)
    embedded = load_embedding(path)
    if len(embedded.points):
        figures["latent_map.png"] = latent_figure(embedded)
    return figures


def usage_figure(counts: Sequence[np.ndarray]) -> Figure:
    """How often each code was chosen, sorted, a panel a codebook."""
    shown = counts[:_BOOKS]
    columns = min(4, len(shown))
    lines = -(-len(shown) // columns)
    figure = Figure(
        figsize=(max(6.4, 3.0 * columns), 2.6 * lines + 0.4), dpi=_DPI, layout="constrained"
    )
    panels = figure.subplots(lines, columns, squeeze=False).ravel()
    for place, (panel, each) in enumerate(zip(panels, shown)):
        panel.stairs(np.sort(each)[::-1], fill=True, color=BLUE)
        named = f"codebook {place + 1}: " if len(counts) > 1 else ""
        panel.set_title(f"{named}{int((each == 0).sum())} of {len(each)} codes unused", fontsize=10)
        panel.set_xlim(0, len(each))
        panel.set_ylim(bottom=0)
        plain(panel)
    for panel in panels[len(shown) :]:
        panel.set_axis_off()
    more = (
        f" (the first {len(shown)} of {len(counts)} codebooks)" if len(counts) > len(shown) else ""
    )
    figure.supxlabel(f"code, the most frequent first{more}", fontsize=10)
    figure.supylabel("times chosen", fontsize=10)
    return figure


def transitions_figure(found: Codes) -> Figure:
    """For the first codebooks: codes over time, and how often a code follows another within a
    window.
    """
    books = min(_SEQUENCES, len(found.counts))
    figure = Figure(figsize=(12, 3.9 * books + 0.2), dpi=_DPI, layout="constrained")
    panels = figure.subplots(books, 2, squeeze=False, width_ratios=(1.9, 1))
    for book, (raster, matrix) in enumerate(panels):
        sequence = found.sequence[:, :, book]
        codes, counts = transitions(sequence, most=MOST_CODES)
        named = f"codebook {book + 1} of {len(found.counts)}: " if len(found.counts) > 1 else ""
        _raster(raster, sequence[:WINDOWS], codes, title=f"{named}codes over time")
        raster.set_xlabel(f"validation window of session {literal(found.session)}", fontsize=9)
        _matrix(figure, matrix, codes, counts)
    return figure


def reconstructions_figure(found: Codes) -> Figure:
    """Recorded and reconstructed activity of the kept units; lines break where a part of the
    recording ends.
    """
    units = found.truth.shape[1]
    figure = Figure(figsize=(11, 1.45 * units + 0.7), dpi=_DPI, layout="constrained")
    panels = figure.subplots(units, 1, sharex=True, squeeze=False)[:, 0]
    borders = np.flatnonzero(np.diff(found.parts)) + 1
    x = np.insert(np.arange(len(found.truth), dtype=float), borders, np.nan)
    for place, (panel, unit) in enumerate(zip(panels, found.units)):
        for values, colour, name in (
            (found.truth, GREY, "recorded"),
            (found.found, ORANGE, "reconstructed"),
        ):
            panel.plot(
                x,
                np.insert(values[:, place].astype(float), borders, np.nan),
                color=colour,
                lw=1.3,
                label=name,
            )
        for border in borders:
            panel.axvline(border - 0.5, color=_INK, linewidth=0.7, linestyle=":")
        explained = found.explained[unit]
        said = "silent" if np.isnan(explained) else f"explained variance {explained:.2f}"
        panel.set_title(f"unit {unit}: {said}", fontsize=9, loc="left")
        plain(panel)
    panels[0].legend(
        fontsize=8,
        frameon=False,
        ncols=2,
        loc="lower right",
        bbox_to_anchor=(1, 1),
        borderaxespad=0.1,
    )
    panels[-1].set_xlim(0, max(1, len(found.truth) - 1))
    panels[-1].set_xlabel(_extent(found, borders), fontsize=9)
    return figure


def _raster(panel: Axes, sequence: np.ndarray, codes: np.ndarray, *, title: str) -> None:
    """A dash a code of a window, the most frequent code at the top."""
    rank = np.full(int(max(sequence.max(), codes.max())) + 1, -1)
    rank[codes] = np.arange(len(codes))
    length, height = sequence.shape[1], rank[sequence].ravel()
    start = np.arange(sequence.size) / length
    drawn = height >= 0
    panel.hlines(height[drawn], start[drawn], start[drawn] + 1 / length, color=BLUE, linewidth=2)
    rest = f"; {100 * (~drawn).mean():.0f} % are rarer codes, not drawn" if not drawn.all() else ""
    panel.set_title(title + rest, fontsize=10)
    panel.set_ylabel("code, the most frequent at the top", fontsize=9)
    panel.set_xlim(0, len(sequence))
    panel.set_ylim(len(codes) - 0.5, -0.5)
    _numbered(panel, codes, sides="y")
    plain(panel)


def _matrix(figure: Figure, panel: Axes, codes: np.ndarray, counts: np.ndarray) -> None:
    """Shares of each row, grey where a code is followed by none of these."""
    total = counts.sum(axis=1, keepdims=True)
    shares = np.ma.masked_invalid(np.where(total > 0, counts / np.maximum(total, 1), np.nan))
    panel.set_facecolor("#e5e7eb")
    drawn = panel.imshow(shares, cmap="viridis", vmin=0, interpolation="nearest")
    panel.set_title("next code within a window", fontsize=10)
    panel.set_xlabel("next code", fontsize=9)
    panel.set_ylabel("code", fontsize=9)
    panel.tick_params(labelsize=8)
    _numbered(panel, codes, sides="xy")
    figure.colorbar(drawn, ax=panel, shrink=0.8).set_label("share", fontsize=9)


def _numbered(panel: Axes, codes: np.ndarray, *, sides: str) -> None:
    """The codes' own numbers on an axis of ranks, as many as can be read."""
    at = np.arange(0, len(codes), -(-len(codes) // 16))
    for side in sides:
        names = list(map(str, codes[at]))
        if side == "y":
            panel.set_yticks(at, names)
        else:
            panel.set_xticks(at, names, rotation=90)


def _extent(found: Codes, borders: np.ndarray) -> str:
    every = round(float(np.median(np.diff(found.samples)))) if len(found.samples) > 1 else 1
    spaced = f", one of {every}" if every > 1 else ""
    parts = "; a dotted line: another part of the recording begins" if len(borders) else ""
    where = f"samples {found.samples[0]} to {found.samples[-1]}{spaced}"
    return f"validation samples of session {literal(found.session)} ({where}){parts}"
