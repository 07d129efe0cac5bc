"""Recorded activity and its reconstruction by a VQ-VAE."""

from __future__ import annotations

import numpy as np

from raylab.reporting.canvas import Axes, Figure, plain
from raylab.reporting.saved.codes import Codes
from raylab.reporting.style import GREY, INK, ORANGE, literal, plain_axes

_DPI = 130


@plain
def reconstructions_figure(codes: Codes) -> Figure:
    """Recorded and reconstructed activity of the saved units, a panel per unit. The lines break
    where a part of the recording ends.
    """
    units = codes.truth.shape[1]
    figure = Figure(figsize=(11, 1.45 * units + 0.7), dpi=_DPI, layout="constrained")
    panels = figure.subplots(units, 1, sharex=True, squeeze=False)[:, 0]
    borders = np.flatnonzero(np.diff(codes.parts)) + 1
    for column, (panel, unit) in enumerate(zip(panels, codes.units)):
        _line(panel, codes.truth[:, column], borders, colour=GREY, name="recorded")
        _line(panel, codes.rebuilt[:, column], borders, colour=ORANGE, name="reconstructed")
        for border in borders:
            panel.axvline(border - 0.5, color=INK, linewidth=0.7, linestyle=":")
        explained = codes.explained[unit]
        score = "silent" if np.isnan(explained) else f"explained variance {explained:.2f}"
        panel.set_title(f"unit {unit}: {score}", fontsize=9, loc="left")
        plain_axes(panel)
    panels[0].legend(
        fontsize=8,
        frameon=False,
        ncols=2,
        loc="lower right",
        bbox_to_anchor=(1, 1),
        borderaxespad=0.1,
    )
    panels[-1].set_xlim(0, max(1, len(codes.truth) - 1))
    panels[-1].set_xlabel(_extent(codes, borders), fontsize=9)
    return figure


def _line(panel: Axes, values: np.ndarray, borders: np.ndarray, *, colour: str, name: str) -> None:
    x = np.insert(np.arange(len(values), dtype=float), borders, np.nan)
    y = np.insert(values.astype(float), borders, np.nan)
    panel.plot(x, y, color=colour, lw=1.3, label=name)


def _extent(codes: Codes, borders: np.ndarray) -> str:
    samples = codes.samples
    every = round(float(np.median(np.diff(samples)))) if len(samples) > 1 else 1
    spaced = f", one of {every}" if every > 1 else ""
    parts = "; a dotted line: another part of the recording begins" if len(borders) else ""
    extent = f"samples {samples[0]} to {samples[-1]}{spaced}"
    return f"validation samples of session {literal(codes.session)} ({extent}){parts}"
