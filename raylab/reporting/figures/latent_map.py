"""The vectors of a VQ-VAE's codes in a plane, coloured by labels."""

from __future__ import annotations

from typing import TypedDict

import numpy as np

from raylab.reporting.canvas import Axes, Figure, plain
from raylab.reporting.saved.embedding import Colouring, Embedding
from raylab.reporting.style import CATEGORIES, CYCLIC, GREY, literal, plain_axes

_COLOURINGS = 4  # panels at most
_DPI = 130


class _Style(TypedDict):
    linewidths: float
    edgecolors: str
    alpha: float


_STYLE = _Style(linewidths=0.4, edgecolors="white", alpha=0.9)


@plain
def latent_figure(embedding: Embedding) -> Figure:
    """The distinct vectors of an embedding in two principal components: the area of a dot shows how
    many samples have the vector, its colour their mean label.

    A vector stands for many samples, whose dots would hide each other.
    """
    colourings = embedding.colourings[:_COLOURINGS]
    points = np.nan_to_num(np.asarray(embedding.points, np.float64))
    vectors, member, samples = np.unique(points, axis=0, return_inverse=True, return_counts=True)
    member = member.reshape(-1)
    positions, axes = _plane(vectors, samples)
    area = 12 + min(400, 30_000 / len(vectors)) * samples / samples.max()
    columns, lines = min(2, len(colourings)), -(-len(colourings) // 2)
    figure = Figure(figsize=(5.6 * columns, 4.4 * lines), dpi=_DPI, layout="constrained")
    panels = figure.subplots(lines, columns, squeeze=False).ravel()
    for panel, colouring in zip(panels, colourings):
        values = mean_label(colouring, member, len(vectors))
        _map(figure, panel, positions, colouring, values=values, area=area)
        panel.set_title(literal(colouring.name), fontsize=10)
        panel.set_xlabel(axes[0], fontsize=9)
        panel.set_ylabel(axes[1], fontsize=9)
        panel.margins(0.08)
        plain_axes(panel)
    for panel in panels[len(colourings) :]:
        panel.set_axis_off()
    return figure


def mean_label(colouring: Colouring, member: np.ndarray, groups: int) -> np.ndarray:
    """(groups,) the mean label of each group's labelled samples; NaN for a group without any. Of a
    circular label the mean angle, of a discrete one the most frequent code.

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
    """(n, 2) the vectors in the first two principal components of the samples that have them, and
    the names of the axes.
    """
    weights = np.sqrt(samples / samples.sum())[:, None]
    centred = vectors - np.average(vectors, axis=0, weights=samples)
    _, scales, axes = np.linalg.svd(centred * weights, full_matrices=False)
    share = 100 * scales**2 / max(float((scales**2).sum()), 1e-300)
    positions = centred @ axes[:2].T
    # With one dimension or one vector there is no second component: it is zero.
    share = np.append(share, 0.0)
    padded = np.pad(positions, ((0, 0), (0, 2 - positions.shape[1])))
    return padded, (f"PC 1 ({share[0]:.0f} %)", f"PC 2 ({share[1]:.0f} %)")


def _map(
    figure: Figure,
    panel: Axes,
    positions: np.ndarray,
    colouring: Colouring,
    *,
    values: np.ndarray,
    area: np.ndarray,
) -> None:
    known, (x, y) = np.isfinite(values), positions.T
    panel.scatter(x[~known], y[~known], s=area[~known], color=GREY, **_STYLE)
    present = np.unique(values[known]).astype(int)
    if colouring.kind == "discrete" and len(present) <= len(CATEGORIES):
        for code, colour in zip(present, CATEGORIES):
            name, member = literal(colouring.class_name(code)), values == code
            panel.scatter(x[member], y[member], s=area[member], color=colour, label=name, **_STYLE)
        legend = panel.legend(fontsize=8, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
        for handle in legend.legend_handles:
            handle.set_sizes([40])  # type: ignore[union-attr]
        return
    circular = colouring.kind == "circular"
    dots = panel.scatter(
        x[known],
        y[known],
        s=area[known],
        c=values[known],
        cmap=CYCLIC if circular else "viridis",
        vmin=-np.pi if circular else None,
        vmax=np.pi if circular else None,
        **_STYLE,
    )
    figure.colorbar(dots, ax=panel, shrink=0.8).set_label(literal(colouring.title), fontsize=9)
