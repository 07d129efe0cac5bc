"""Figures of a VQ-VAE trial: how its codes are used, how they follow each other, what they
reconstruct.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from raylab.reporting.canvas import Figure, plain
from raylab.reporting.figures.code_transitions import transitions_figure
from raylab.reporting.figures.latent_map import latent_figure
from raylab.reporting.figures.reconstructions import reconstructions_figure
from raylab.reporting.saved.codes import load_codes
from raylab.reporting.saved.embedding import load_embedding
from raylab.reporting.style import BLUE, plain_axes

_BOOKS = 8  # codebooks whose usage is drawn
_DPI = 130


@plain
def code_figures(path: Path) -> dict[str, Figure]:
    """The figures of an `embedding.safetensors` by file name; none where the trial has no codes.
    DataError where they are damaged.
    """
    codes = load_codes(path)
    if codes is None:
        return {}
    figures = {
        "code_usage.png": usage_figure(codes.counts),
        "code_transitions.png": transitions_figure(codes),
    }
    if len(codes.truth):
        figures["reconstructions.png"] = reconstructions_figure(codes)
    embedding = load_embedding(path)
    if len(embedding.points):
        figures["latent_map.png"] = latent_figure(embedding)
    return figures


@plain
def usage_figure(counts: Sequence[np.ndarray]) -> Figure:
    """How often each code was chosen, the most frequent first, a panel per codebook.

    Args:
        counts: For each codebook (codes,): how often each code was chosen.
    """
    books = counts[:_BOOKS]
    columns = min(4, len(books))
    lines = -(-len(books) // columns)
    size = (max(6.4, 3.0 * columns), 2.6 * lines + 0.4)
    figure = Figure(figsize=size, dpi=_DPI, layout="constrained")
    panels = figure.subplots(lines, columns, squeeze=False).ravel()
    for number, (panel, book) in enumerate(zip(panels, books), start=1):
        panel.stairs(np.sort(book)[::-1], fill=True, color=BLUE)
        name = f"codebook {number}: " if len(counts) > 1 else ""
        panel.set_title(f"{name}{int((book == 0).sum())} of {len(book)} codes unused", fontsize=10)
        panel.set_xlim(0, len(book))
        panel.set_ylim(bottom=0)
        plain_axes(panel)
    for panel in panels[len(books) :]:
        panel.set_axis_off()
    hidden = len(counts) > len(books)
    more = f" (the first {len(books)} of {len(counts)} codebooks)" if hidden else ""
    figure.supxlabel(f"code, the most frequent first{more}", fontsize=10)
    figure.supylabel("times chosen", fontsize=10)
    return figure
