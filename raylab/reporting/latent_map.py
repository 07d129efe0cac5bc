"""The vectors of codes in a plane, coloured by label."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from raylab.reporting.embedding import Colouring, Embedding
from raylab.reporting.plots import CATEGORIES, CYCLIC, GREY, literal, plain

_COLOURINGS = 4
_DPI = 130


def latent_figure(found: Embedding) -> Figure:
    """The vectors of codes in two principal components: area by samples, colour by their mean
    label.

    A vector stands for many samples, whose points would hide each other.
    """
    chosen, points = (
        found.colourings[:_COLOURINGS],
        np.nan_to_num(np.asarray(found.points, np.float64)),
    )
    vectors, member, samples = np.unique(points, axis=0, return_inverse=True, return_counts=True)
    member = member.reshape(-1)
    places, axes = _plane(vectors, samples)
    area = 12 + min(400, 30_000 / len(vectors)) * samples / samples.max()
    columns, lines = min(2, len(chosen)), -(-len(chosen) // 2)
    figure = Figure(figsize=(5.6 * columns, 4.4 * lines), dpi=_DPI, layout="constrained")
    panels = figure.subplots(lines, columns, squeeze=False).ravel()
    for panel, colouring in zip(panels, chosen):
        values = mean_label(colouring, member, len(vectors))
        _map(figure, panel, places, colouring, values=values, area=area)
        panel.set_title(literal(colouring.name), fontsize=10)
        panel.set_xlabel(axes[0], fontsize=9)
        panel.set_ylabel(axes[1], fontsize=9)
        panel.margins(0.08)
        plain(panel)
    for panel in panels[len(chosen) :]:
        panel.set_axis_off()
    return figure


def mean_label(colouring: Colouring, member: np.ndarray, groups: int) -> np.ndarray:
    """(groups,) the label of each group's labelled samples, NaN without one: mean, mean angle, or
    most frequent code.

    Args:
        member: (M,) the group of each sample.
    """
    labelled = colouring.labelled
    member, values = member[labelled], colouring.values[labelled]
    seen = np.bincount(member, minlength=groups) > 0
    if colouring.kind == "discrete":
        votes = np.zeros((groups, int(values.max(initial=0)) + 1), np.int64)
        np.add.at(votes, (member, values.astype(np.int64)), 1)
        return np.where(seen, votes.argmax(axis=1), np.nan)
    if colouring.kind == "circular":
        sine, cosine = (
            np.bincount(member, part(values), minlength=groups) for part in (np.sin, np.cos)
        )
        return np.where(seen, np.arctan2(sine, cosine), np.nan)
    sums = np.bincount(member, values, minlength=groups)
    return np.where(seen, sums / np.maximum(np.bincount(member, minlength=groups), 1), np.nan)


def _plane(vectors: np.ndarray, samples: np.ndarray) -> tuple[np.ndarray, tuple[str, str]]:
    """(n, 2) the first two principal components of the samples that have these vectors."""
    weights = np.sqrt(samples / samples.sum())[:, None]
    centred = vectors - np.average(vectors, axis=0, weights=samples)
    _, scales, axes = np.linalg.svd(centred * weights, full_matrices=False)
    share = 100 * scales**2 / max(float((scales**2).sum()), 1e-300)
    places = centred @ axes[:2].T
    share = np.append(
        share, 0.0
    )  # of a second component where there is one dimension or one vector
    padded = np.pad(places, ((0, 0), (0, 2 - places.shape[1])))
    return padded, (f"PC 1 ({share[0]:.0f} %)", f"PC 2 ({share[1]:.0f} %)")


def _map(
    figure: Figure,
    panel: Any,
    places: np.ndarray,
    colouring: Colouring,
    *,
    values: np.ndarray,
    area: np.ndarray,
) -> None:
    known = np.isfinite(values)
    style: dict[str, Any] = {"linewidths": 0.4, "edgecolors": "white", "alpha": 0.9}
    panel.scatter(*places[~known].T, s=area[~known], color=GREY, **style)
    present = np.unique(values[known]).astype(int)
    if colouring.kind == "discrete" and len(present) <= len(CATEGORIES):
        for code, colour in zip(present, CATEGORIES):
            name = colouring.classes[code] if code < len(colouring.classes) else str(code)
            of = values == code
            panel.scatter(*places[of].T, s=area[of], color=colour, label=literal(name), **style)
        legend = panel.legend(fontsize=8, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
        for handle in legend.legend_handles:
            handle.set_sizes([40])
        return
    phase = (
        {"cmap": CYCLIC, "vmin": -np.pi, "vmax": np.pi}
        if colouring.kind == "circular"
        else {"cmap": "viridis"}
    )
    drawn = panel.scatter(*places[known].T, s=area[known], c=values[known], **style, **phase)
    figure.colorbar(drawn, ax=panel, shrink=0.8).set_label(literal(colouring.title), fontsize=9)
