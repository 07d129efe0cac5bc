"""A confusion matrix as a figure, and the files of a study's confusion matrices."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from raylab.evaluation.confusion import Confusion, confusion, summed
from raylab.evaluation.decoding import Decoded
from raylab.files import atomic_path, safe_name, write_json
from raylab.reporting.canvas import Axes, Figure, colormaps, plain
from raylab.reporting.figures.files import save_figure
from raylab.reporting.style import GREY, literal
from raylab.tracking.study import StudyFolder

NAMED = 30  # classes up to which the axes have names
ANNOTATED = 12  # classes up to which the cells have numbers
_DPI = 150


def keep_confusions(
    study: StudyFolder, decoded: Mapping[str, Mapping[str, Decoded]], *, split: str, trial: str
) -> list[Path]:
    """Write the confusion matrix of every discrete label, summed over sessions, to the study's
    folder `scores`.

    Args:
        decoded: Session -> label -> the decoded labels.

    Returns:
        The JSON files; beside each lie a CSV of the counts and a figure (PNG).
    """
    paths = []
    for label in dict.fromkeys(label for labels in decoded.values() for label in labels):
        discrete = [
            labels[label]
            for labels in decoded.values()
            if label in labels and labels[label].kind == "discrete"
        ]
        if discrete:
            matrix = summed(
                [confusion(each.truth, each.predicted, each.classes) for each in discrete]
            )
            path = study.scores_folder / f"confusion-{safe_name(label)}-{split}.json"
            about = {"label": label, "split": split, "trial": trial, "sessions": len(discrete)}
            counts = {"classes": len(matrix.classes), "samples": int(matrix.counts.sum())}
            write_json(path, {**about, **counts, "mistakes": matrix.mistakes()})
            with atomic_path(path.with_suffix(".csv")) as temporary:
                matrix.table().to_csv(temporary, index=False)
            figure = confusion_figure(matrix, title=f"{label}: {split} split, trial {trial}")
            save_figure(path.with_suffix(".png"), figure)
            paths.append(path)
    return paths


@plain
def confusion_figure(matrix: Confusion, *, title: str = "") -> Figure:
    """The share of each predicted class per true class (row). A row is grey where no sample has
    that class.
    """
    count, fractions = len(matrix.classes), matrix.fractions
    side = 3.0 + 0.28 * min(count, 16)
    figure = Figure(figsize=(side + 1.1, side), dpi=_DPI, layout="constrained")
    axis = figure.subplots()
    colours = colormaps["viridis"].with_extremes(bad=GREY)
    image = axis.imshow(np.ma.masked_invalid(fractions), vmin=0, vmax=1, cmap=colours)
    _name_classes(axis, [literal(name) for name in matrix.classes])
    if count <= ANNOTATED:
        annotate(axis, fractions, size=7)
    axis.set_xlabel(f"predicted ({count} classes)", fontsize=9)
    axis.set_ylabel("true", fontsize=9)
    axis.set_title(literal(title), fontsize=10)
    figure.colorbar(image, ax=axis, shrink=0.8).set_label("share of the true class", fontsize=9)
    return figure


def annotate(axis: Axes, fractions: np.ndarray, *, size: float | None = None) -> None:
    """Write the values of a matrix of shares into its cells, in an ink that its colour shows."""
    for (row, column), value in np.ndenumerate(fractions):
        text = "" if np.isnan(value) else f"{value:.2f}"
        ink = "white" if value < 0.6 else "black"
        axis.text(column, row, text, ha="center", va="center", color=ink, fontsize=size)


def _name_classes(axis: Axes, names: list[str]) -> None:
    count = len(names)
    if count > NAMED:
        axis.set_xticks([])
        axis.set_yticks([])
        return
    size = 8 if count <= 16 else 6
    rotation = 45 if max(map(len, names)) > 3 else 0
    axis.set_xticks(range(count), names, fontsize=size, rotation=rotation)
    axis.set_yticks(range(count), names, fontsize=size)
